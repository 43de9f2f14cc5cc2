"""How the output of every module of a dry run reads as maps of the image, or why it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .dryrun import DryRun, Seen
from .layers import Grid, Reading, fits, grid_of_count
from .sample import BATCH
from .tokens import TokenGrid


def readings_of(
    run: DryRun, maps: Mapping[str, Reading | None], tokens: TokenGrid | None, known: Sequence[Grid]
) -> dict[str, Reading | str]:
    """The reading of each module that ran; `maps` are those that need no knowledge of tokens."""
    found = {name: maps[name] or _sequence(seen, tokens, known, run) for name, seen in run.seen.items()}
    return {**found, **_split_heads(run, tokens)}


def _sequence(seen: Seen, tokens: TokenGrid | None, known: Sequence[Grid], run: DryRun) -> Reading | str:
    """A sequence (n, tokens, k) as a map, or the reason why an output is none."""
    if seen.shape and seen.shape[0] != BATCH:
        return f"its output {seen.shape} is cut into windows or mixes the images of a batch"
    if len(seen.shape) != 3:
        return f"its output {seen.shape[1:]} has no places of the image" if seen.shape else "it gives no tensor"
    count = seen.shape[1]
    if tokens is not None and count == tokens.count:
        return Reading("tokens", tokens.grid, tokens.prefix, seen.swapped)
    grid = grid_of_count(count, [grid for grid in known if fits(grid, run.space)], run.space)
    if grid is None:
        return f"its {count} tokens make no grid of the image"
    return Reading("tokens", grid, 0, seen.swapped)


def _split_heads(run: DryRun, tokens: TokenGrid | None) -> dict[str, str]:
    """Tensors inside an attention that are split into heads: (n, heads, tokens, k) looks like a map, but is none."""
    if tokens is None:
        return {}
    holders = {call.inside[-1] for call in run.calls}
    return {
        name: "it is a part of the attention, split into heads"
        for name, seen in run.seen.items()
        if len(seen.shape) == 4 and any(name == h or name.startswith(f"{h}.") for h in holders)
    }
