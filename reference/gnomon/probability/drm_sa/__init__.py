"""Stochastic approximation of the parameters that minimise a distortion risk measure; a file for each part.

`gnomon_spec.probability.drm_sa` says what is known of each. Sources: Jiang, Heidergott, Hu & Peng, arXiv 2510.04563
(abstract); the authors' code, last changed on 6 October 2025.
"""
