"""What a check says of how far it went."""

from io import StringIO

import numpy as np
from rich.console import Console
from small_ports import ADAMW, port_of

from gnomon.descent import adamw
from gnomon_validation import report_json, report_terminal
from gnomon_validation.checker import check
from gnomon_validation.ports.runner import Call
from gnomon_validation.runs.plan import Plan
from gnomon_validation.tried import Tried


def call(size, **hyperparameters):
    return Call(ADAMW.operations["step"], (np.zeros(size),), hyperparameters, None)


def test_the_largest_array_and_the_ends_of_each_number_are_kept():
    tried, other = Tried(), Tried()
    tried.add([call(3, lr=0.5, steps=2, eps=0.0), call(2, lr=0.25, nesterov=True)])
    other.add([call(5, lr=2.0, name="adam", eps=np.inf, threshold=None)])
    assert tried.join([other]) == Tried(5, {"lr": (0.25, 2.0), "steps": (2, 2)})


def test_a_report_says_how_far_it_went():
    result = check(port_of(adamw.step), [ADAMW], Plan(5, ("float32",)))
    told = {}
    for verbose in (False, True):
        console = Console(file=StringIO(), highlight=False, width=400)
        report_terminal.show(result, console, verbose=verbose)
        told[verbose] = next(line for line in console.file.getvalue().splitlines() if line.startswith("tried: "))
    assert "entries; hyperparameters from " in told[False] and told[False].endswith(" in size (-v lists them)")
    assert "; lr from " in told[True] and "; beta1 from " in told[True]
    assert report_json.report(result)["verdicts"][0]["ranges"]["lr"] == result.verdicts[0].tried.ranges["lr"]
