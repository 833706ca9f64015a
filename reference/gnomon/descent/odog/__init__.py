"""Double optimism (ODOG): from an online learner's regret to a point with a small gradient.

Source of the update, the hint and the adaptive rate: Patitucci, Jiang & Mokhtari, "Improving Online-to-Nonconvex
Conversion for Smooth Optimization via Double Optimism", arXiv 2510.03167, as third parties report them; the framework:
Cutkosky, Mehta & Orabona, arXiv 2302.03775. Starts, constants and parameters are derived in the specification.
"""
