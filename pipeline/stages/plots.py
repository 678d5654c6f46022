"""Draws how well the machine heard, over time and by model. Needs the extra onrecord[plots] (matplotlib)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import MissingTool, Problem
from pipeline.stages.accuracy import ShowAccuracy

# Told apart by shape as well as by colour.
_MARKERS = "osD^vPX*"


def plot_accuracy(measured: ShowAccuracy, title: str, folder: Path) -> tuple[Path, ...]:
    """Write accuracy.png and accuracy.svg into `folder`. The same figures give the same bytes. Raises MissingTool."""
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.dates import date2num
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingTool(
            Problem("matplotlib", "it draws the plot, and is not installed", "Install onrecord[plots]")
        ) from error
    dates: Any = date2num  # it has no types
    figure = Figure(figsize=(9, 4.5), dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, model in enumerate(measured.by_model()):
        points = [one for one in measured.episodes if one.model == model]
        axes.plot(
            dates([one.published_at for one in points]),
            [100 * one.accuracy.whole.rate for one in points],
            marker=_MARKERS[number % len(_MARKERS)],
            label=model,
        )
    axes.set_ylim(bottom=0)
    axes.set_ylabel("words to mend, per 100 said")
    axes.set_title(f"What the machine misheard: {title}")
    axes.grid(visible=True, alpha=0.3)
    if measured.episodes:
        axes.legend()
    axes.xaxis_date()
    figure.autofmt_xdate()
    figure.tight_layout()
    written = []
    with matplotlib.rc_context({"svg.hashsalt": "on record"}):
        for suffix in ("png", "svg"):
            picture = io.BytesIO()
            figure.savefig(picture, format=suffix, metadata={"Date": None} if suffix == "svg" else {"Software": None})
            path = folder / f"accuracy.{suffix}"
            files.write_bytes(path, picture.getvalue())
            written.append(path)
    return tuple(written)
