"""How sentences fill the console: between words on a terminal, one line each in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from gnomon_validation.console import tell, tell_prose
from gnomon_validation.wording import counted

SENTENCE = "nothing here may be cut in two where the line ends"
PROSE = "A paragraph of just two\nlines::\n\n    a formula = that is longer than the terminal\n\nAnd another."


def printed(function, *arguments, terminal, **options) -> list[str]:
    file = StringIO()
    function(Console(file=file, width=26, force_terminal=terminal, no_color=True), *arguments, **options)
    return file.getvalue().splitlines()


@pytest.mark.parametrize(("options", "hang"), [({}, 0), ({"label": "why  "}, 5), ({"hang": 3}, 3)])
def test_a_sentence_ends_its_lines_between_words_and_hangs_behind_its_label(options, hang):
    first, *further = printed(tell, Text(SENTENCE), terminal=True, **options)
    label = options.get("label", "")
    assert first.startswith(label) and further
    assert all(line.startswith(" " * hang) and line[hang] != " " and len(line) <= 26 for line in further)
    assert " ".join([first.removeprefix(label), *(line.strip() for line in further)]) == SENTENCE


def test_in_a_file_a_sentence_is_one_line():
    assert printed(tell, Text(SENTENCE), terminal=False, label="why  ") == [f"why  {SENTENCE}"]


def test_paragraphs_fill_a_terminal_and_formulas_keep_their_lines():
    assert printed(tell_prose, PROSE, terminal=False) == PROSE.splitlines()
    told = printed(tell_prose, PROSE, terminal=True)
    assert told == ["A paragraph of just two", "lines::", "", *PROSE.splitlines()[3:]]
    assert printed(tell_prose, "one\ntwo\nthree", terminal=True) == ["one two three"]


def test_one_has_no_plural():
    assert [counted(n, "law") for n in (0, 1, 2, 1000)] == ["0 laws", "1 law", "2 laws", "1,000 laws"]
    assert counted(2, "check of a law", "checks of laws") == "2 checks of laws"


PRINTING = """
import ctypes
from gnomon_validation.console import hushed
puts = ctypes.CDLL(None).puts
puts(b"before")
with hushed() as printed:
    print("by Python")
    puts(b"by compiled code")
print(printed.getvalue() + "after")
"""


def test_what_compiled_code_prints_is_kept_out_though_it_is_written_later():
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-c", PRINTING], capture_output=True, text=True, check=True, env=buffered)
    assert done.stdout == "before\nby Python\nafter\n"
