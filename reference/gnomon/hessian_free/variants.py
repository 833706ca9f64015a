"""The two forms of the method: "martens", its author's demo, and "code", a package with rules of its own."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from gnomon.domains import Choice

VARIANTS = ("code", "martens")
Variant: TypeAlias = Annotated[str, Choice(VARIANTS)]
