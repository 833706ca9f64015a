"""Pictures: matplotlib, when somebody asks for one, without a window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

KINDS = (".png", ".svg", ".pdf")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")


def require_picture(file: Path, option: str = "--plot") -> None:
    """Raise `ValueError` if a picture could not be written to `file`: unknown kind, no directory, no matplotlib."""
    if file.suffix not in KINDS:
        raise ValueError(f"{option} must end in {', '.join(KINDS[:-1])} or {KINDS[-1]}, got {file}")
    if not file.absolute().parent.is_dir():
        raise ValueError(f"directory {file.absolute().parent} of the picture does not exist")
    if not can_draw():
        raise ValueError(f"{option} needs matplotlib: pip install 'gnomon[plot]'")


def can_draw() -> bool:
    """Return whether matplotlib is there."""
    try:
        import matplotlib.figure  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def new_figure(size: tuple[float, float]) -> Any:
    """Return an empty matplotlib figure of that size in inches, which needs no window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def entitle(figure: Any, headline: str, caption: str = "") -> None:
    """Set what a picture says above itself, and in small letters below."""
    figure.suptitle(headline, weight="bold")
    if caption:
        figure.supxlabel(caption, fontsize=9)


def finish(axes: Any, **legend: Any) -> None:
    """Give axes a grid and a legend. legend: as for matplotlib's."""
    axes.grid(alpha=0.3)
    axes.legend(**{"fontsize": 9, **legend})


def write_figure(figure: Any, file: Path) -> None:
    """Write a figure; the file's ending says which kind."""
    figure.savefig(file, dpi=120)
