"""Single edits: what each kind changes, what none of them touches, and that each gives another program."""

import ast
import inspect

import pytest

import gnomon.descent.adam
import gnomon.hessian_free.conjugate_gradients
import gnomon.hessian_free.line_search
from gnomon_spec.single_edits import KINDS, single_edits


def function(*body):
    return "\n    ".join(["def f(a, b, c):", *body])


def edited(kind, *body):
    """What the edits of one kind make of the lines that they change."""
    return [edit.after for edit in single_edits(function(*body)) if edit.kind == kind]


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("operator", "a - b * c", ["a + b * c", "a - b / c"]),
        ("operator", "c / a**b", ["c * a**b", "c / (a*b)"]),
        ("operator", "a @ -(b**c) // 2", ["a @ -(b**c) / 2", "a @ -(b*c) // 2"]),
        ("operator", "a and b and c", ["a or b or c"]),
        ("comparison", "a < b", ["a <= b", "a >= b"]),
        ("comparison", "0 <= a == b", ["0 < a == b", "0 > a == b", "0 <= a != b"]),
        ("comparison", "a is not b or c in a", ["a is b or c in a", "a is not b or c not in a"]),
        ("comparison", "not (a > b)", ["a > b", "not (a >= b)", "not (a <= b)"]),
        ("factor", "a * (b + c)", ["a", "b + c"]),
        ("factor", "a * b / c**2", ["a * b", "a / c**2", "b / c**2", "a * b / c"]),
        ("factor", "c - a * (b - c)", ["c - a", "c - (b - c)"]),
        ("term", "a - (b - c)", ["a", "-(b - c)", "a - b", "a - -c"]),
        ("term", "a + b - c", ["a + b", "a - c", "b - c"]),
        ("term", "c * (a + b)", ["c * a", "c * b"]),
        ("term", "a and not b", ["True and not b", "a and True"]),
        ("constant", "2.0**a[0], True", ["3.0**a[0], True", "1.0**a[0], True", "2.0**a[1], True", "2.0**a[-1], True"]),
        ("constant", "0**a", ["1**a", "(-1)**a"]),
        ("argument", "f(a, b + 1, c, *a, d=0)", ["f(b + 1, a, c, *a, d=0)", "f(a, c, b + 1, *a, d=0)"]),
        ("branch", "a if b > 0 else c", ["a if True else c", "a if False else c"]),
        ("branch", "[x for x in a if x]", ["[x for x in a if True]", "[x for x in a if False]"]),
        ("sign", "a + b * c", ["-a + b * c"]),
        ("sign", "a * (b - c) / 2", ["-a * (b - c) / 2", "a * (-b - c) / 2"]),
        ("sign", "-a * (-b + c)", ["a * (-b + c)", "-a * (b + c)"]),
        ("sign", "np.maximum(abs(a), c)", ["np.minimum(abs(a), c)", "np.maximum(a, c)"]),
        ("sign", "2 ** np.sqrt(max(a, b))", ["2 ** max(a, b)", "2 ** np.sqrt(min(a, b))"]),
    ],
)
def test_a_kind_of_edit_of_an_expression(kind, before, after):
    assert edited(kind, f"return {before}") == [f"return {edit}" for edit in after]


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("name", "a + b", ["b + b", "c + b", "a + a", "a + c"]),
        ("swapped", "a + b * a", ["b + a * b"]),
        ("swapped", "a * b + c", ["b * a + c", "c * b + a", "a * c + b"]),
        ("times", "1 - a * b", ["1 - lr * a * b"]),
        ("more", "a * b", ["(a) * a * b", "(b) * a * b", "2 * a * b", "a * b / 2"]),
        ("power", "a * a", ["(a * a) ** 0.5", "(a * a) ** 2", "np.abs(a)"]),
        ("larger", "a + b", ["np.maximum(a, b)", "np.minimum(a, b)"]),
    ],
)
def test_a_wider_kind_of_edit_of_an_expression(kind, before, after):
    source = function(f"return {before}").replace("c):", "c, *, lr=1):")
    found = [edit.after for edit in single_edits(source, wider=True) if edit.kind == kind]
    assert [edit for edit in found if kind == "times" or "lr" not in edit] == [f"return {edit}" for edit in after]


def test_an_augmented_assignment_changes_its_operator_or_loses_it():
    assert edited("operator", "a += b", "a **= b") == ["a -= b", "a = b", "a *= b", "a = b"]


def test_a_statement_is_dropped_unless_a_name_would_be_left_without_value():
    body = ["d = a", "a = b", "a[0] = d", "if a:", "    d = e = c", "    return a", "else:", "    e = c", "d += 1"]
    dropped = [edit.before for edit in single_edits(function('"""Text."""', *body)) if edit.kind == "statement"]
    assert dropped == ["a = b", "a[0] = d", "return a", "d += 1"]
    assert edited("statement", "for d in a:", "    d = b", "    f(d)", "    break") == ["pass"] * 3
    assert edited("statement", "for d in a:", "    e = b", "d = e = a") == []


def test_one_of_several_assignments_in_a_statement_is_dropped():
    assert edited("statement", "a, d = b, c") == ["a, d = a, c"]
    assert edited("statement", "a, b = b, a") == ["pass", "a, b = a, a", "a, b = b, b"]


def test_a_branch_is_taken_always_or_never_and_a_loop_never():
    after = ["if True:", "if False:", "elif True:", "elif False:", "while False:"]
    assert edited("branch", "if a:", "    return b", "elif b:", "    return c", "while a:", "    a = b") == after


def test_a_later_use_takes_the_value_of_before():
    edits = edited("old_for_new", "a = f(a)", "if b:", "    c = a", "    raise f(a)", "a = a + 1", "return a")
    assert edits == [
        "a_before = a; a = f(a)\nc = a_before",
        "a_before = a; a = f(a)\na = a_before + 1",
        "a_before = a; a = a + 1\nreturn a_before",
    ]
    assert edited("old_for_new", "a, d = d, f(a)", "a_before = a") == [
        "old_a_before = a; a, d = d, f(a)\na_before = old_a_before"
    ]
    assert edited("old_for_new", "d = f(a)", "return d") == []


def test_only_the_body_is_edited_and_neither_checks_nor_errors():
    source = """
@f(1 + 2)
def step(a: f(1 + 2) = 1 + 2, *, b=-1) -> f(1 + 2):
    \"\"\"Return 1 + 2.\"\"\"
    d: f(1 + 2) = f"{1 + 2}"
    np.require_number("a", a + 1, 0)
    def inner(c=1 + 2):
        \"\"\"Return 1 + 2.\"\"\"
        return required(c) + a
    if a:
        raise ValueError(f(1 + 2))
    return lambda c=1 + 2: -c""".lstrip()
    assert [(edit.kind, edit.line, edit.after) for edit in single_edits(source)] == [
        ("statement", 5, "pass"),
        ("operator", 8, "return required(c) - a"),
        ("term", 8, "return required(c)"),
        ("term", 8, "return a"),
        ("sign", 8, "return -required(c) + a"),
        ("branch", 9, "if True:"),
        ("branch", 9, "if False:"),
        ("sign", 11, "return lambda c=1 + 2: c"),
    ]


def test_all_else_stays_as_it_is_written_whatever_the_alphabet():
    source = function('"""λ: ½."""', "λ = (", "    (b)  # β + 1", "    + ε*c # γ", ")", "return λ")
    both = "(b)  # β + 1\n+ ε*c # γ"
    assert [(edit.kind, edit.line, edit.before, edit.after) for edit in single_edits(source)] == [
        ("term", 4, both, "b # γ"),
        ("term", 4, both, "ε*c # γ"),
        ("sign", 4, "(b)  # β + 1", "-(b)  # β + 1"),
        ("operator", 5, "+ ε*c # γ", "- ε*c # γ"),
        ("operator", 5, "+ ε*c # γ", "+ ε/c # γ"),
        ("factor", 5, "+ ε*c # γ", "+ ε # γ"),
        ("factor", 5, "+ ε*c # γ", "+ c # γ"),
    ]


def test_text_that_is_not_one_function_is_refused():
    with pytest.raises(ValueError, match="source must be the text of one function definition, got 'a = 1'"):
        next(single_edits("a = 1"))


@pytest.mark.parametrize(
    "module",
    [gnomon.descent.adam, gnomon.hessian_free.conjugate_gradients, gnomon.hessian_free.line_search],
    ids=lambda module: module.__name__,
)
def test_each_edit_of_a_reference_is_a_program_of_its_own_in_the_order_of_lines_and_kinds(module):
    text = inspect.getsource(module)
    for definition in [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]:
        source = ast.get_source_segment(text, definition)
        edits = list(single_edits(source))
        programs = [ast.dump(ast.parse(source)) for source in [source, *(edit.source for edit in edits)]]
        order = [(edit.line, list(KINDS).index(edit.kind)) for edit in edits]
        assert edits
        assert len({*programs}) == len(programs)
        assert order == sorted(order)
        for edit in edits:
            compile(edit.source, definition.name, "exec")
            assert edit.before != edit.after
