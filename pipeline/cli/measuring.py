"""Commands that measure how well the machine hears."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, AsJson, Root, Slug, out, print_json, progress
from pipeline.review.accuracy import Errors


@app.command(epilog="Example: onrecord accuracy --plot ~/plots")
def accuracy(
    root: Root = HERE,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="DIR", help="Draw accuracy.png and accuracy.svg there.")
    ] = None,
    json_only: AsJson = False,
) -> None:
    """Hold what the machine heard against the approved texts: by episode, speaker, term and model."""
    from pipeline.stages.accuracy import accuracy as measure_all

    measured = measure_all(root.resolve())
    drawn: tuple[Path, ...] = ()
    if plot is not None:
        from pipeline.show import load_show
        from pipeline.stages.plots import plot_accuracy

        drawn = plot_accuracy(measured, load_show(root.resolve()).settings.title, plot.resolve())
    if json_only:
        print_json(
            {
                "episodes": [
                    {
                        "slug": one.slug,
                        "published_at": one.published_at.isoformat(),
                        "model": one.model,
                        **_errors_json(one.accuracy.whole),
                        "by_speaker": {name: _errors_json(found) for name, found in one.accuracy.by_speaker.items()},
                    }
                    for one in measured.episodes
                ],
                "by_model": {name: _errors_json(found) for name, found in measured.by_model().items()},
                "terms": [
                    {"term": one.term, "said": one.said, "heard": one.heard, "instead": list(one.instead)}
                    for one in measured.terms()
                ],
                "not_approved": list(measured.left_out),
                "plots": [str(path) for path in drawn],
            }
        )
        return
    if not measured.episodes:
        out.print("No episode is approved yet, so there is no text to measure by.")
        return
    _table("Episode", [(f"{one.slug} ({one.model})", one.accuracy.whole) for one in measured.episodes])
    _table("Speaker", list(measured.by_speaker().items()))
    _table("Model", list(measured.by_model().items()))
    missed = [one for one in measured.terms() if one.heard < one.said]
    if missed:
        out.print()
        out.print("Names and terms that were misheard, the worst first:")
        for one in missed:
            instead = f": {'; '.join(one.instead)}" if one.instead else ""
            out.print(Text(f"• {one.term}: {one.said - one.heard} of {one.said}{instead}"))
    for path in drawn:
        out.print(Text(f"Drawn: {path}"))


@app.command(epilog="Example: onrecord compare 2026-11-first-talk --models base,small --sample 120")
def compare(
    slug: Slug,
    models: Annotated[str, typer.Option("--models", metavar="A,B", help="The models to try, with commas between.")],
    sample_s: Annotated[
        int, typer.Option("--sample", metavar="SECONDS", min=10, max=3600, help="How much of the episode is heard.")
    ] = 180,
    without_glossary: Annotated[
        bool,
        typer.Option("--without-glossary", help="Let each model hear it also without the show's names and terms."),
    ] = False,
    root: Root = HERE,
    json_only: AsJson = False,
) -> None:
    """Let several models hear a sample of an episode, and say what each gets wrong and costs."""
    from pipeline.stages.accuracy import compare as hear_all

    names = [name.strip() for name in models.split(",") if name.strip()]
    with progress(quiet=json_only) as report:
        done = hear_all(
            root.resolve(), slug, names, sample_s=sample_s, report=report, also_without_glossary=without_glossary
        )
    if json_only:
        print_json(
            [
                {
                    "model": one.model,
                    "with_glossary": one.with_glossary,
                    "hotwords": one.hotwords,
                    "failed": one.failed,
                    "wall_s": one.wall_s,
                    "cpu_s": one.cpu_s,
                    **_errors_json(one.errors),
                }
                for one in done
            ]
        )
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("Model", "Names and terms", "Words", "Errors", "Seconds", "CPU seconds"):
            table.add_column(heading, overflow="fold")
        for one in done:
            name = Text(one.model if one.with_glossary else f"{one.model}, without glossary")
            if one.failed:
                table.add_row(name, "", "", Text(one.failed), "", "")
            else:
                costs = (f"{one.wall_s:.1f}", f"{one.cpu_s:.1f}")
                rate = f"{100 * one.errors.rate:.1f} %"
                table.add_row(name, str(one.hotwords), str(one.errors.said), rate, *costs)
        out.print(table, soft_wrap=False)
    raise typer.Exit(1 if any(one.failed for one in done) else 0)


def _table(heading: str, rows: list[tuple[str, Errors]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (heading, "Words", "Errors", "Other words", "Missing", "Too many"):
        table.add_column(name, overflow="fold")
    for name, found in rows:
        counts = (found.substituted, found.deleted, found.inserted)
        table.add_row(Text(name), str(found.said), f"{100 * found.rate:.1f} %", *map(str, counts))
    out.print()
    out.print(table, soft_wrap=False)


def _errors_json(found: Errors) -> dict[str, Any]:
    return {
        "words": found.said,
        "word_error_rate": round(found.rate, 4),
        "substituted": found.substituted,
        "deleted": found.deleted,
        "inserted": found.inserted,
    }


@app.command(epilog="Example: onrecord learned")
def learned(root: Root = HERE, json_only: AsJson = False) -> None:
    """List what editors of approved episodes corrected again and again, and the terms it proposes for the glossary."""
    from pipeline.stages.learning import learned_in

    found = learned_in(root.resolve())
    if json_only:
        print_json(
            {
                "lessons": [
                    {"heard": one.heard, "right": one.right, "times": one.times, "episodes": one.episodes}
                    for one in found.lessons
                ],
                "proposed_terms": [{"term": one.right, "heard_as": one.heard} for one in found.proposed_terms],
            }
        )
        return
    if not found.lessons:
        out.print("Nothing yet: no approved episodes in which the same words were corrected twice in the same way.")
        return
    table = Table("The machine heard", "editors wrote", "times", "episodes", box=None)
    for one in found.lessons:
        table.add_row(Text(one.heard), Text(one.right), str(one.times), str(one.episodes))
    out.print(table)
    if found.proposed_terms:
        out.print()
        out.print("For the glossary, if the show will say them again (glossary.toml; nothing is added by itself):")
        for one in found.proposed_terms:
            out.print(Text(f"• {one.right}, heard as “{one.heard}”"))
