"""Options that mean the same in several commands."""

from __future__ import annotations

from pathlib import Path

import click

from gnomon_validation import completion
from gnomon_validation.runs.pool import SECONDS_OF_A_CALL

DTYPES = ("float16", "float32", "float64")

system = click.option(
    "--system",
    "system_names",
    multiple=True,
    shell_complete=completion.systems,
    help="Only this system (repeatable); default: all it has. One whose name says no method is read as it.",
)
law = click.option(
    "-k",
    "--law",
    "law_names",
    multiple=True,
    shell_complete=completion.laws,
    help="Only laws whose name has this in it; wildcards allowed (repeatable).",
)
dtype = click.option(
    "--dtype", "dtypes", multiple=True, type=click.Choice(DTYPES), help="Repeatable; default: 32 and 64."
)
seed = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other cases.")
setting = click.option(
    "--set", "options", multiple=True, metavar="NAME=VALUE", help="Argument of an adapted optimizer."
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=SECONDS_OF_A_CALL,
    show_default=True,
    help="Seconds that a call of the port may take; loading it, six times as long.",
)
memory = click.option(
    "--memory", type=click.IntRange(1), metavar="MB", help="Address space of a worker; default: no limit."
)
failures = click.option(
    "--failures",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("failures"),
    show_default=True,
    help="Where smallest failing cases are written.",
)
