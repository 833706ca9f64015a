"""The command `gnomon`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from gnomon_spec.system import System, nearest, systems
from gnomon_validation import completion, report_adequacy, settings, stubs
from gnomon_validation.campaign.command import campaign
from gnomon_validation.check_command import check
from gnomon_validation.console import console, tell
from gnomon_validation.explain import explain as print_explanation
from gnomon_validation.explain import find as find_operations
from gnomon_validation.ports.find import FORMS
from gnomon_validation.replay_command import replay
from gnomon_validation.studies.command import claims, study
from gnomon_validation.wording import assignment, counted, is_ours, legible


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "GNOMON"})
@click.version_option(package_name="gnomon")
@click.pass_context
def cli(context: click.Context) -> None:
    """Holds an implementation of a gradient method against its specification: right, imprecise or wrong, and why."""
    if context.invoked_subcommand == "check":
        context.default_map = {"check": settings.read(check)}


@cli.command(name="list")
@click.argument("what", default="systems")
def list_(what: str) -> None:
    """List systems, operations, laws, mistakes, ports or objectives."""
    every = systems().values()
    listings = {
        "systems": lambda: [(s.name, f"{s.title}: {', '.join(_extent(s))}") for s in every],
        "operations": lambda: [(o.id, counted(len(o.laws), "law")) for s in every for o in s.operations.values()],
        "laws": lambda: [(law.id, law.statement) for s in every for law in s.laws],
        "mistakes": lambda: [(f"{s.name}:{m.name}", m.statement) for s in every for m in s.mistakes.values()],
        "ports": lambda: list(FORMS.items()),
        "objectives": _objectives,
    }
    screen = console()
    for name, text in nearest("listing", what, listings)():
        tell(screen, Text().append(name, style="cyan").append(f"  {text}"), hang=4)


def _extent(system: System) -> list[str]:
    parts = {"operation": system.operations, "law": system.laws, "mistake": system.mistakes}
    return [counted(len(part), noun) for noun, part in parts.items()]


def _objectives() -> list[tuple[str, str]]:
    from gnomon_validation.teaching import objectives

    return [(name, (type(f).__doc__ or "").strip().splitlines()[0]) for name, f in objectives().items()]


@cli.command()
@click.argument("name", shell_complete=completion.operations)
def explain(name: str) -> None:
    """Explain a system or an operation (NAME as in `adam`, `adam.step`, `hutchinson`).

    Definition, form as a port, laws, mistakes, where libraries differ.
    """
    print_explanation(name, console())


@cli.command()
@click.argument("name", shell_complete=completion.operations)
@click.option("--torch", "library", flag_value="torch", help="An optimizer class, or functions on tensors.")
@click.option("--optax", "library", flag_value="optax", help="A function that returns a gradient transformation.")
@click.option("--jax", "library", flag_value="jax", help="Functions on JAX's arrays.")
@click.option("--output", type=click.Path(path_type=Path), help="Write it to this file instead of printing it.")
def new(name: str, library: str | None, output: Path | None) -> None:
    """Print a port of NAME (`adamw.step`, `adamw`) to begin with: it runs under `gnomon check` as it is.

    Without an option the functions are on NumPy's arrays.
    """
    text = stubs.stub(find_operations(name)[1], library, str(output or "FILE.py"))
    if output is None:
        print(text, end="")
        return
    if output.exists():
        raise ValueError(f"{output} exists already")
    output.write_text(text, encoding="utf-8")


@cli.command()
@click.argument("name", shell_complete=completion.operations)
@click.option("--examples", type=click.IntRange(1), default=100, show_default=True, help="Cases a law, at most.")
def adequacy(name: str, examples: int) -> None:
    """Change the reference of NAME (`adam`, `adam.step`) in every single place and tell which changes no law notices.

    Exit status: 0 each is noticed, 1 some are not, 2 usage.
    """
    sys.exit(0 if report_adequacy.run(name, examples, console()) else 1)


@cli.command()
@click.argument("methods", nargs=-1, required=True)
@click.option("--objective", default="rosenbrock", show_default=True, help="See gnomon list objectives.")
@click.option("--steps", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--set", "options", multiple=True, metavar="NAME=VALUE", help="Hyperparameter, e.g. lr=0.01.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a picture (extra `plot`).")
def run(methods: Sequence[str], objective: str, steps: int, options: Sequence[str], plot: Path | None) -> None:
    """Run METHODS (adam, sgd, …) of the reference on an objective, side by side, and print where they go.

    A hyperparameter can be given to all methods (--set lr=0.01), to one (--set adam.lr=0.01), or behind its name, which
    puts a method beside itself: "srkl(variant=code)" "srkl(variant=fro, alpha=1, beta=1)".
    """
    from gnomon_validation import teaching

    runs = teaching.run(methods, objective, steps, dict(_hyperparameter(text) for text in options))
    teaching.show(runs, console())
    if plot:
        teaching.plot(runs, plot)
        console().print(f"picture: {plot}", soft_wrap=True)


cli.add_command(check)
cli.add_command(campaign)
cli.add_command(replay)
cli.add_command(study)
cli.add_command(claims)


def _hyperparameter(text: str) -> tuple[str, Any]:
    owner = "".join(text.partition("=")[0].rpartition(".")[:2])
    name, value = assignment(text.removeprefix(owner))
    return owner + name, value


def main() -> None:
    """Run the command; a user's mistake is one line and exit status 2."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        _fail(error.format_message())
    except (OSError, ValueError, TypeError) as error:
        if not isinstance(error, OSError) and not is_ours(error):
            raise
        _fail(str(error))


def _fail(message: str) -> None:
    print(f"gnomon: {legible(message, 2000)}", file=sys.stderr)
    sys.exit(2)
