"""`seewhy joined`: two clips of different classes joined; does what speaks for each lie in its half?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from . import options as o
from . import screen
from .exits import OK, PARTIAL
from .running import controlled

if TYPE_CHECKING:
    from ..run.joined_clips import JoinedClips

Clips = Annotated[list[str], typer.Argument(metavar="CLIP", help="Clips of two classes or more: files or folders.")]
Pairs = Annotated[int, typer.Option(metavar="N", help="Pairs to draw.", rich_help_panel=o.QUESTION)]
Sure = Annotated[
    float,
    typer.Option(
        metavar="P", help="Least probability that the model gives a clip's class.", rich_help_panel=o.QUESTION
    ),
]


def joined(
    inputs: Clips,
    model: o.ModelName = o.DEFAULT_MODEL,
    labels: o.Labels = None,
    preprocess: o.Prepare = None,
    device: o.Device = None,
    trust_pickle: o.TrustPickle = False,
    method: o.MethodNames = None,
    pairs: Pairs = 100,
    sure: Sure = 0.9,
    seed: o.Seed = 0,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Do explanations fall into the right half of two joined clips of different classes? Needs no boxes."""
    from ..run.joined_clips import joined_clips
    from .said import model_of

    asked = model_of(model, labels=labels, preprocess=preprocess, device=device, trust_pickle=trust_pickle)
    with controlled(progress=progress, quiet=quiet) as control:
        found = joined_clips(asked, inputs, method, pairs=pairs, sure=sure, seed=seed, control=control)
    if json:
        screen.print_json(found.to_json())
    elif not quiet:
        screen.out().print(shown(found))
        screen.tell(found.summary())
    unsaid = {name: why for name, problems in found.problems.items() for why in problems.values()}
    for name, why in unsaid.items():
        screen.err().print(screen.words(f"{name}: {why}"))
    raise typer.Exit(PARTIAL if unsaid or found.cancelled else OK)


def shown(found: JoinedClips) -> Table:
    """A line per method: how often the strongest frame hits, how much lies in the right half, and what follows."""
    from ..run.joined_clips import told

    grid = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("method", "strongest frame hits", "share in the right half", "verdict"):
        grid.add_column(heading, overflow="fold")
    for name in found.hits:
        grid.add_row(name, told(found.interval(name)), told(found.share(name)), found.verdict(name))
    return grid
