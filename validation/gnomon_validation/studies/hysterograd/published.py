"""Where the claims about HysteroGrad stand, their ledger, and the numbers printed there, to be computed with.

Sources: github.com/dingste/HysteroGrad at its last commit (2026-01-16): `README.md`, `docs/theory.tex`,
`examples/ATF-Arena.py`, `examples/cifar_test.py`; the README of 2026-01-01 (commit f0bfd93); `validation_results.csv`
in its three revisions (2025-12-29, commits 4b36dc4 and 98fd4e1; 2026-01-11, commit 73afb30).
"""

from __future__ import annotations

from gnomon_validation.studies.claim import Ledger

README = "github.com/dingste/HysteroGrad, README.md, 2026-01-16"
THEORY = "github.com/dingste/HysteroGrad, docs/theory.tex, 2026-01-16"
OLDER_README = "github.com/dingste/HysteroGrad, README.md, 2026-01-01"
OLDEST_README = "github.com/dingste/HysteroGrad, README.md, 2025-12-29 (commit 4b36dc4)"

ledger = Ledger("hysterograd")

# WideResNet-28-2 on CIFAR-10: README, table "WRN-28-2 Battle Results"; AdamW: theory.tex, figure 1.
ACCURACY = (43.81, 47.39, 68.43, 72.76)
TFLOP = ("72.79", "145.59", "218.38", "291.18")
ATF = ("0.60", "0.33", "0.31", "0.25")
ADAMW_ACCURACY = (55.89, 65.26, 69.69)
AVERAGE_WIDTH = (0.015, 0.028, 0.035, 0.041)

# Of the same network: README of 2026-01-01.
OLDER_PFLOP = {1: "0.0777", 2: "0.1553", 3: "0.2329", 5: "0.3883", 10: "0.7765"}

# CIFAR-10 has 50,000 images to train with and 10,000 to test with; the scripts take 64 at a time.
TRAINING_IMAGES, TEST_IMAGES, BATCH = 50_000, 10_000, 64
STEPS_AN_EPOCH = -(-TRAINING_IMAGES // BATCH)

# The second revision of `validation_results.csv`: the barrier of its last epochs, 97, 98 and 99.
LAST_WIDTHS = (2.0220913436267614, 1.940210290972447, 2.154936081401505)

# The first revision: (path length τ, barrier) of epochs 0, 1, 10, 50 and 99.
FIRST_REVISION = (
    (0.6547795074406275, 0.04045922352939524),
    (1.0189929691055948, 0.05047259080693191),
    (3.730291859740471, 0.09656981748637189),
    (8.992663285337159, 0.1499388482460196),
    (12.89846285623653, 0.1795721502365869),
)

# The third revision: the mean norm of epochs 0 to 30, and the barrier of epochs 20 and 30, rounded.
THIRD_REVISION_NORMS = (
    *(0.488807119, 0.4158821, 0.428373772, 0.464012859, 0.523727704, 0.514974749, 0.586317919, 0.693331612),
    *(0.752774534, 0.832115803, 0.799812582, 0.943036855, 0.900666978, 1.04801596, 1.04625181, 1.00825969),
    *(1.18771823, 1.61613146, 1.31737444, 1.21540998, 1.63640431, 1.84959665, 1.96538867, 1.67055982),
    *(2.3494137, 2.91660241, 2.98003385, 3.98632549, 4.13519535, 2.85581258, 3.86764192),
)
THIRD_REVISION_WIDTHS = {20: "0.082904", 30: "0.13617"}
