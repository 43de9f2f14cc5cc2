"""How the output of every module of a dry run reads as maps of the image, or why it does not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .dryrun import DryRun, Seen
from .layers import CONTRAST, Grid, Reading, contrast, fits, folded_reading, map_reading, token_reading
from .sample import BATCH
from .tokens import TokenGrid

MOST_BEFORE = 3  # class, distillation or register tokens of a frame


def maps_of(run: DryRun) -> dict[str, Reading | None]:
    """The readings that need no knowledge of tokens; frames that are folded into the batch are told by the others."""
    found = {name: map_reading(seen, run.space) for name, seen in run.seen.items()}
    times = moments(run, [reading.grid for reading in found.values() if reading])
    folded = {name: folded_reading(seen, run.space, times) for name, seen in run.seen.items() if seen.frames}
    sure = {r.frames for name, r in folded.items() if r is not None and contrast(run.seen[name], r) >= CONTRAST}
    return {**found, **{name: r if r is not None and r.frames in sure else None for name, r in folded.items()}}


def moments(run: DryRun, known: Sequence[Grid]) -> set[int]:
    """Into how many moments a clip is divided, from its frames on."""
    return {run.space[0], *(grid[0] for grid in known)} if len(run.space) == 3 else set()


def readings_of(
    run: DryRun, maps: Mapping[str, Reading | None], tokens: TokenGrid | None, known: Sequence[Grid]
) -> dict[str, Reading | str]:
    """The reading of each module that ran; `maps` are those of `maps_of`."""
    of_frames = _sequences_of_frames(run, known)
    found = {name: maps[name] or _sequence(seen, tokens, known, run, of_frames) for name, seen in run.seen.items()}
    return {**found, **_split_heads(run, tokens)}


def _sequence(
    seen: Seen,
    tokens: TokenGrid | None,
    known: Sequence[Grid],
    run: DryRun,
    of_frames: Mapping[tuple[int, ...], Reading],
) -> Reading | str:
    """A sequence (n, tokens, k) as a map, or the reason why an output is none."""
    if seen.shape and seen.shape[0] != BATCH:
        frame_by_frame = of_frames.get(seen.shape[:2]) if len(seen.shape) == 3 else None
        return frame_by_frame or f"its output {seen.shape} is cut into windows or mixes the images of a batch"
    if len(seen.shape) != 3:
        return f"its output {seen.shape[1:]} has no places of the image" if seen.shape else "it gives no tensor"
    if tokens is not None and seen.shape[1] == tokens.count:
        return Reading("tokens", tokens.grid, tokens.prefix, seen.swapped, time_last=tokens.time_last)
    fitting = [grid for grid in known if fits(grid, run.space)]
    for before in range(2 if len(run.space) == 3 else 1):
        reading = token_reading(seen.change[2], fitting, run.space, before)
        if reading is not None:
            return replace(reading, swapped=seen.swapped)
    return f"its {seen.shape[1]} tokens make no grid of the image"


def _sequences_of_frames(run: DryRun, known: Sequence[Grid]) -> dict[tuple[int, ...], Reading]:
    """Sequences (n x t, tokens, k), one for each frame, whose grid was seen elsewhere, by their first two axes."""
    times, found = moments(run, known), dict[tuple[int, ...], Reading]()
    folded = [seen for seen in run.seen.values() if len(seen.shape) == 3 and seen.frames in times]
    for seen in folded:
        for flat in dict.fromkeys(grid[1:] for grid in known):
            before = seen.shape[1] - math.prod(flat)
            reading = Reading("tokens", (seen.frames, *flat), before, frames=seen.frames)
            if 0 <= before <= MOST_BEFORE and contrast(seen, reading) >= CONTRAST:
                found.setdefault(seen.shape[:2], reading)
    return found


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
