"""What a shell proposes where a port, a system or a law is to be named."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from gnomon_spec.system import systems as every_system
from gnomon_validation.ports.bundled import BUNDLED
from gnomon_validation.ports.find import ADAPTERS, PEERS


def ports(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Propose the ports that have a name, and leave files to the shell."""
    names = [*BUNDLED, *PEERS, *(f"{kind}:" for kind in ADAPTERS)]
    named = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return [*named, CompletionItem(incomplete, type="file")]


def systems(*asked: Any) -> list[CompletionItem]:
    """Propose systems, with their titles."""
    every = every_system().values()
    return [CompletionItem(system.name, help=system.title) for system in every if system.name.startswith(asked[-1])]


def operations(*asked: Any) -> list[CompletionItem]:
    """Propose systems and their operations."""
    names = [operation.id for system in every_system().values() for operation in system.operations.values()]
    return [*systems(*asked), *(CompletionItem(name) for name in names if name.startswith(asked[-1]))]


def laws(*asked: Any) -> list[CompletionItem]:
    """Propose laws, with what they say."""
    every = [law for system in every_system().values() for law in system.laws]
    names = {law.name: law.statement for law in every} | {law.id: law.statement for law in every}
    return [CompletionItem(name, help=said) for name, said in names.items() if name.startswith(asked[-1])]
