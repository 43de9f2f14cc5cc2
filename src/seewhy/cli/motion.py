"""`seewhy motion`: motion, appearance or background? What the model says to edits of a clip."""

from __future__ import annotations

import json as text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ..errors import BadOption
from . import options as o
from . import screen
from .running import controlled

if TYPE_CHECKING:
    from ..run.motion_table import MotionTable

OneClip = Annotated[str, typer.Argument(metavar="CLIP", help="A video file, or a GIF.")]
Boxes = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="JSON list with [left, top, right, bottom] of the actor for each frame, null where there is none.",
        rich_help_panel=o.QUESTION,
    ),
]
Scene = Annotated[
    Path | None,
    typer.Option(metavar="CLIP", help="Another clip to put behind the actor.", rich_help_panel=o.QUESTION),
]
Flip = Annotated[
    bool,
    typer.Option(
        "--flip", help="Search for the smallest edit that flips the decision, too.", rich_help_panel=o.QUESTION
    ),
]
Segments = Annotated[int, typer.Option(metavar="N", help="Segments that are shuffled.", rich_help_panel=o.QUESTION)]
Draws = Annotated[int, typer.Option(metavar="N", help="Orders that are tried.", rich_help_panel=o.QUESTION)]
Rounds = Annotated[
    int, typer.Option(metavar="N", help="Frames to search for, one by one; 0: none.", rich_help_panel=o.QUESTION)
]


def motion(
    clip: OneClip,
    model: o.ModelName = o.DEFAULT_MODEL,
    labels: o.Labels = None,
    preprocess: o.Prepare = None,
    device: o.Device = None,
    trust_pickle: o.TrustPickle = False,
    target: o.TargetName = None,
    against: o.Against = None,
    scale: o.Scale = None,
    boxes: Boxes = None,
    scene: Scene = None,
    segments: Segments = 4,
    draws: Draws = 16,
    rounds: Rounds = 2,
    flip: Flip = False,
    seed: o.Seed = 0,
    report: o.Report = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Does a model see motion, appearance or the background? Its answers to edits of one clip."""
    from ..report.motion_page import write_motion_report
    from ..run.motion import motion as table_of
    from ..run.what_if import what_if
    from .said import model_of, target_of

    asked = model_of(model, labels=labels, preprocess=preprocess, device=device, trust_pickle=trust_pickle)
    masks = None if boxes is None else boxes_in(boxes)
    question: dict[str, Any] = {"target": target_of(target, against), "scale": scale and scale.value}
    question |= {"segments": segments, "draws": draws, "rounds": rounds, "seed": seed}
    with controlled(progress=progress, quiet=quiet) as control:
        table = table_of(asked, clip, masks=masks, scene=scene, control=control, **question)
        flips = what_if(asked, clip, masks=masks, control=control) if flip else None
    if report is not None:
        write_motion_report(report, table=table, flips=flips)
    if json:
        screen.print_json({**table.to_json(), "what_if": None if flips is None else flips.to_json()})
    elif not quiet:
        screen.out().print(shown(table))
        screen.tell(table.summary())
        if flips is not None:
            screen.tell(flips.summary())
        if report is not None:
            screen.wrote(report)


def shown(table: MotionTable) -> Table:
    """A line per edit: what was shown, the score, and how often the answer flips."""
    from ..render.motion import bounded
    from ..render.number import number

    grid = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("edit", "what the model is shown"):
        grid.add_column(heading, overflow="fold")
    for heading in (table.scale, "from", "to", "flips"):
        grid.add_column(heading, justify="right")
    for row in table.rows:
        several = len(row.scores) > 1
        ends = (number(min(row.scores)), number(max(row.scores))) if several else ("", "")
        flips = f"{row.flips} of {len(row.scores)}" if several else row.answers[0] if row.flips else ""
        grid.add_row(row.name, screen.words(row.shows), bounded(row.interval), *ends, screen.words(flips))
    return grid


def boxes_in(path: Path) -> Any:
    """A box per frame from a file."""
    try:
        found = text.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadOption(f"{str(path)!r} holds no boxes: {error}.", fix="give a JSON file.") from error
    plain = isinstance(found, list) and all(one is None or (isinstance(one, list) and len(one) == 4) for one in found)
    if not plain:
        raise BadOption(
            f"{str(path)!r} is no list with a box per frame.",
            fix="write [[left, top, right, bottom], null, …] in pixels of the clip.",
        )
    return found
