"""Anemone: expectation maximisation (EM) of a probabilistic circuit by batches; a node moves as far as it was used.

A circuit computes p(x) in one upward pass over a graph of inputs, products of parts with other variables (decomposable)
and weighted sums of parts with the same variables (smooth). A sample uses the nodes that were chosen for it at sums:
F is the posterior probability of that, TD the prior one, S what is counted in a batch, S̄ its mean per sample::

    Q = α·S̄ + (1-α)·(what the model expects of a sample)        θ ← Q/ΣQ, group by group

With α = 1 it is EM. Written by groups θ ← (1-g)·θ + g·S̄/F̄, g = α·F̄/(α·F̄ + (1-α)·TD): what a batch hardly used
hardly moves. `mini_em`, which it is held against, has the same g = α everywhere, and follows a batch most where it says
least.

Parts: `log_likelihood`, `flows`, `statistics` (what a batch says), `top_down`, `model_moments` (what the model does),
`full_em`, `em` (many steps of it), `mini_em`, `update` (anemone), `gradient`, `free_gradient` and `renormalised`
(baselines), `initial`. Parameters are one vector; nodes with the same entries of it are tied.

It maximises, exactly, α·(EM's bound of the batch) - (1-α)·KL of complete data, before from after. For untied circuits
it is the stepwise online EM of Sato & Ishii (2000) and Cappé & Moulines (2009), whose running statistics need not be
kept: they are TD times the parameters. For tied ones it is another method.

Where sources are silent, or the code is odd. A group that nobody used stays; the code makes it uniform, or 0/0. ε
counts samples here, whatever α and W are; the code adds it to what has been averaged, where it is W/α times as strong.
Momentum averages S/W; the code S, and divides by the W of the latest batch. The code's W is not cleared when flows are:
see `gnomon claims anemone`. A sample of probability zero is rejected or left out; naively it makes every parameter NaN.

float16 is left out: sums of flows over a batch do not fit into 11 bits.

Sources: Liu, Shao & Van den Broeck, arXiv 2505.19982 (abstract and opening; its derivations were not read), the
authors' pyjuice 2.6.3 (`Anemone`, `MiniBatchEM`, `FullBatchEM`, `SGD`, `Adam`). Laws and proofs are ours.
"""

from __future__ import annotations

from gnomon_spec.system import WITH_ROOM, System

system = System(
    "anemone", title="Anemone: mini-batch EM of probabilistic circuits", text=__doc__ or "", dtypes=WITH_ROOM
)
