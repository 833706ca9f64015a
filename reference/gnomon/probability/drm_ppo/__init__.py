"""DRM-PPO: policies of an inventory chain that improve a distortion of the return; a file for each part.

The chain, a tiny one that is solved exactly, the surrogates, and the update of the released code. What is known of each
says `gnomon_spec.probability.drm_ppo`. Sources: J. Jiang, B. Heidergott, J. Hu & Y. Peng, arXiv 2510.04563, of which
the abstract was read; the authors' code, github.com/JinyangJiangAI/SA-Methods-for-DRM-Optimization, 0c13f5d.
"""
