"""The two forms of the method: "martens", the demo that its author released, and "code", a package with rules of its
own (`ltatzel/PyTorchHessianFree`, commit f430d81)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from gnomon.domains import Choice

VARIANTS = ("code", "martens")
Variant: TypeAlias = Annotated[str, Choice(VARIANTS)]
