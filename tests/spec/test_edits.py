"""An edit of the reference: where it is found, what it changes, and that it fails loudly once its piece is gone."""

from textwrap import dedent

import numpy as np
import pytest

from gnomon.curvature import lanczos
from gnomon.curvature.operators import Dense
from gnomon.descent import adam, adamw, sgd
from gnomon_spec.edits import Address, Edited, address, difference, edited, entries, find, reach
from gnomon_spec.system import System, find_system

X, H = np.array([1.0, -2.0]), np.diag([1.0, 2.0])


def edit(function, *pieces):
    changes = [find(function, before, after) for before, after in pieces]
    places = {change.at for change in changes}
    return Edited({at: edited(at, [change for change in changes if change.at == at]) for at in places})


def test_an_edit_of_nothing_gives_the_bits_of_the_reference():
    same = edit(adamw.step, ("lr * m_hat", "lr * m_hat"), ("beta1 * state.first_moment", "beta1 * state.first_moment"))
    for function, arguments in ((adamw.step, (X, X, adam.init(X))), (adamw.trajectory, (X, H, X))):
        options = {"steps": 5} if function is adamw.trajectory else {}
        rebuilt = same.function(function)
        assert rebuilt is not function
        for mine, theirs in zip(rebuilt(*arguments, **options), function(*arguments, **options), strict=True):
            np.testing.assert_equal(mine, theirs)


def test_a_piece_is_found_in_the_nearest_function_that_has_it():
    assert find(adamw.trajectory, "(1 - beta1) * grad", "grad").at == Address("gnomon.descent.adam", "update_moments")
    assert find(adamw.step, "m_hat / (np", "m_hat / (np").at == Address("gnomon.descent.adamw", "step")


def test_an_edit_is_in_everything_that_calls_what_was_edited():
    wrong = edit(adam.step, ("beta1 * state.first_moment", "state.first_moment"))
    for function in (adam.step, adamw.step, adam.trajectory, adamw.endpoints):
        assert wrong.reaches(function)
    assert not wrong.reaches(sgd.step)
    assert wrong.function(sgd.trajectory) is sgd.trajectory
    assert not np.array_equal(
        wrong.function(adamw.trajectory)(X, H, 0 * X, steps=3), adamw.trajectory(X, H, 0 * X, steps=3)
    )


def test_types_stay_those_of_the_reference():
    wrong = edit(lanczos.ritz, ("np.dot(Q[j], w)", "np.dot(w, w)"))
    assert type(wrong.function(lanczos.ritz)(Dense(H), X, steps=2)) is lanczos.Ritz


@pytest.mark.parametrize("piece", ["np.sqrt(v_hat) + epsilon", "ps", "lr: NonNegative", "Take one step"])
def test_a_piece_that_is_not_in_the_body_is_an_error(piece):
    with pytest.raises(ValueError, match="to be edited: the reference has changed"):
        find(adamw.step, piece, "0")


def test_pieces_are_whole_words_and_may_span_lines():
    at = address(sgd.step)
    change = find(sgd.step, "if state.step_count == 0:\nbuffer = grad", "if False:\n    buffer = grad")
    text = edited(at, [change])
    assert "    if False:\n        buffer = grad\n" in text
    assert difference(at, text) == ["- if state.step_count == 0:", "+ if False:"]


def test_an_empty_piece_stands_before_the_first_line():
    text = edited(address(sgd.step), [find(sgd.step, "", "if True:\n    grad = -grad")])
    assert difference(address(sgd.step), text) == ["+ if True:", "+     grad = -grad"]


def test_a_change_that_another_one_removed_is_an_error():
    first, second = (find(sgd.step, piece, "grad") for piece in ("lr * direction", "direction"))
    with pytest.raises(ValueError, match="left to be edited"):
        edited(first.at, [second, first])


def test_without_checks_nothing_is_rejected():
    port = Edited({}, without_checks=True)
    assert np.isfinite(port.function(adamw.step)(X, X, adam.init(X), lr=-1.0)[0]).all()
    assert port.function(adamw.trajectory)(X, H, X, steps=-1, lr=-1.0).shape == (1, 2)


def test_a_function_in_the_place_of_another_has_its_arguments_checked_and_is_repeated():
    system = find_system("sgd")
    wrong = system.mistakes["last_entry_left_out"]
    with pytest.raises(ValueError, match="lr must be a finite number"):
        wrong.function(system.operations["step"])(X, X, sgd.init(X), lr=-1.0)
    assert wrong.function(system.operations["trajectory"])(X, H, 0 * X, steps=3, lr=0.5)[-1].tolist() == [0.125, -2.0]


def test_functions_are_reached_through_closures_and_modules():
    assert Address("gnomon.descent.on_quadratics", "repeated") in reach(adam.endpoints)
    assert Address("gnomon.curvature.lanczos", "lanczos") in reach(lanczos.ritz)


def test_a_table_of_edits_is_read_entry_by_entry():
    table = """
    ascent: It climbs
        `params - lr * grad` → `params + lr * grad`
    late: The `step` comes a step late, and
        is halved
        `` → `before = params
            lr = lr / 2`, `a` →
            `b`
    """
    assert [*entries(dedent(table))] == [
        ("ascent", "It climbs", [("params - lr * grad", "params + lr * grad")]),
        ("late", "The `step` comes a step late, and is halved", [("", "before = params\nlr = lr / 2"), ("a", "b")]),
    ]
    with pytest.raises(ValueError, match="no name, sentence and `before` → `after` stand in 'late: It is'"):
        [*entries("ascent: It climbs\n `-` → `+`\nlate: It is")]


def test_two_mistakes_of_one_name_are_an_error():
    system = System("twice", title="", text="")
    step = system.operation(sgd.step, cases=find_system("sgd").operations["step"].cases)
    step.edit("ascent", "It climbs", ("params - lr * grad", "params + lr * grad"))
    with pytest.raises(ValueError, match="two mistakes called 'ascent'"):
        step.edit("ascent", "It climbs", ("params - lr * direction", "params + lr * direction"))
    with pytest.raises(ValueError, match="without a full stop"):
        step.edit("other", "It climbs.", ("params - lr * grad", "params + lr * grad"))
