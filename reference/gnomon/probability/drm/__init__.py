"""Distortion risk measures: distortions, L-statistics with their exact influence, worst-case laws; a file for each.

`gnomon_spec.probability.drm` says what is known of each. Sources: Jiang, Heidergott, Hu & Peng, arXiv 2510.04563
(abstract) and the authors' code; Pesenti, Q. Wang & R. Wang, arXiv 2011.04889.
"""
