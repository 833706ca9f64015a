"""What the laws notice of the reference's single edits, as a table and a list of what nothing guards."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.text import Text

from gnomon_validation.adequacy import Adequacy, adequacy
from gnomon_validation.console import grid, tell
from gnomon_validation.edit_trials import addresses
from gnomon_validation.explain import find
from gnomon_validation.wording import counted


def run(name: str, examples: int, console: Console) -> bool:
    """Judge every single edit of what `name` (`adam`, `adam.step`) is made of; return whether none survives."""
    system, operations = find(name)
    result = Adequacy()
    columns = SpinnerColumn(), TextColumn("{task.description}")
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")
        for found in adequacy(system, operations, examples=examples):
            result.found.append(found)
            where = f"{'.'.join(found.at)}:{found.line}"
            progress.update(task, description=f"{where}  {counted(len(result.found), 'edit')}")
    table = grid("function", ">edits", ">caught", ">equivalent", ">survive", header_style="table.header")
    for at in addresses(operations):
        counts = result.count(at)
        numbers = counts.total(), counts["caught"], counts["equivalent"], counts["survives"]
        table.add_row(".".join(at).removeprefix("gnomon."), *map(str, numbers))
    console.print(table)
    survivors = [found for found in result.found if found.fate == "survives"]
    if survivors:
        console.print(Text("\nno law guards these lines", style="bold"))
        for (at, line), edits in groupby(survivors, key=lambda found: (found.at, found.line)):
            tell(console, Text(f"{'.'.join(at)}:{line}", style="cyan"), label="  ")
            for found in edits:
                tell(console, Text(f"{found.edit.kind}: {found.edit.before}"), label="    - ")
                tell(console, Text(found.edit.after), label="    + ")
    counts = result.count()
    summary = (
        f"\n{name}: {counted(counts.total(), 'single edit')}, {counts['equivalent']} of them equivalent; "
        f"of the others the laws catch {result.caught:.1%} in at most {counted(examples, 'case')} each"
    )
    console.print(Text(summary), soft_wrap=True)
    return not survivors
