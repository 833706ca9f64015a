"""Options that a project says once, in the table `[tool.gnomon]` of its pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from gnomon_validation.files import parsed

LARGEST = 1 << 20  # bytes


def read(command: click.Command) -> dict[str, Any]:
    """Return what the nearest pyproject.toml says for a command, by the names of its parameters.

    Raises `ValueError` in one line if the table has what is no option.
    """
    for folder in (Path.cwd(), *Path.cwd().parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            table = parsed("file", file, tomllib.loads, LARGEST).get("tool", {})
            said = table.get("gnomon", {}) if isinstance(table, dict) else {}
            return _by_parameter(command, said, file)
    return {}


def _by_parameter(command: click.Command, said: Any, file: Path) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise ValueError(f"{file}: [tool.gnomon] must be a table, got {said!r:.60}")
    options = {
        option.removeprefix("--").replace("-", "_"): parameter
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    found: dict[str, Any] = {}
    for name, value in said.items():
        parameter = options.get(name.replace("-", "_"))
        if parameter is None or parameter.name is None:
            raise ValueError(f"{file}: [tool.gnomon] has {name!r:.60}, which is no option of gnomon {command.name}")
        found[parameter.name] = [value] if parameter.multiple and not isinstance(value, list) else value
    return found
