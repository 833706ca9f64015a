"""Anemone: mini-batch expectation maximisation (EM) of probabilistic circuits; a file for each part.

What a circuit is, its upward and downward passes, the updates, the baselines by gradients, and circuits of known
structure. `gnomon_spec.probability.anemone` says what is known of each. Sources: Liu, Shao & Van den Broeck, arXiv
2505.19982 (abstract, and the opening of its introduction); the authors' code, pyjuice 2.6.3.
"""
