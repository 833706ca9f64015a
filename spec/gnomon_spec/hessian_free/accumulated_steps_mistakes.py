"""Plausible mistakes where loss, gradient and curvature are accumulated over batches."""

from __future__ import annotations

from gnomon_spec.hessian_free.accumulated_steps import acc_step

LISTS = "curvatures = losses if curvatures is None else curvatures"
LOSS, GRADIENT, CURVATURE = "whole(losses, lambda f: f.value", "whole(gradients, lambda", "whole(curvatures, lambda"
SIZES, WEIGHTED = "sum(int(b.size) for b in batches)", "int(b.size) * quantity(objective_of(b.objective))"
TOTAL = "sum(quantity(objective_of(b.objective)) for b in batches)"

acc_step.edits(f"""
only_the_first_batch: Of each list only the first batch is used
    `{LISTS}` → `{LISTS}\nlosses, gradients, curvatures = losses[:1], gradients[:1], curvatures[:1]`
last_batch_is_dropped: The last batch of each list of several is left out
    `{LISTS}` → `{LISTS}\nlosses, gradients, curvatures = (x[:-1] or x for x in (losses, gradients, curvatures))`
absent_lists_hold_one_batch: Where no list is given for gradients or curvature, only the first batch of losses is used
    for them
    `losses if gradients is None` → `losses[:1] if gradients is None`
    `losses if curvatures is None` → `losses[:1] if curvatures is None`
gradients_and_curvatures_taken_for_each_other: The second list is taken for the curvature and the third for the gradient
    `{LISTS}` → `{LISTS}\ngradients, curvatures = curvatures, gradients`
batches_count_alike: "mean" is the mean of the batches' means, whatever their sizes are
    `sum({WEIGHTED} for b in batches) / {SIZES}` → `{TOTAL} / len(batches)`
mean_is_not_divided: In "mean" the weighted batches are added up and not divided by the number of examples
    ` / {SIZES}` → ``
sum_is_divided: In "sum" the sum is divided by the number of examples
    `return {TOTAL}` → `return {TOTAL} / {SIZES}`
empty_batches_are_accepted: A batch of no examples is accepted beside others
    `require_count(f"size of a batch of {{name}}", batch.size, 1)` → `pass`
""")

for what, right, piece in (
    ("loss", "losses", LOSS),
    ("gradient", "gradients", GRADIENT),
    ("curvature", "curvatures", CURVATURE),
):
    for other in ("losses", "gradients", "curvatures"):
        if other != right:
            statement = f"The {what} is accumulated over the list of {other}"
            acc_step.edit(f"{what}_over_the_{other}", statement, (piece, piece.replace(right, other)))

acc_step.edit(
    "every_list_is_divided_by_the_first_ones_size",
    'In "mean" gradient and curvature, too, are divided by the number of examples in the list for losses',
    *(
        (f"whole({name}, lambda {f}, reduction)", f"whole({name}, lambda {f}, reduction) * size(losses, {name})")
        for name, f in (
            ("gradients", "f: f.gradient(x)"),
            ("curvatures", "f: f.hvp(x, v)"),
            ("curvatures", "f: f.ggnvp(x, v)"),
        )
    ),
    (
        "return Accumulated(",
        "def size(first, own):\n"
        "    examples = [sum(int(b.size) for b in batches) for batches in (first, own)]\n"
        '    return examples[1] / examples[0] if reduction == "mean" else 1\n\n'
        "return Accumulated(",
    ),
)
