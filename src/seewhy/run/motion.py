"""The verb `motion`: does a model see motion, or appearance, or the background? A table of edits decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..domain import edits
from ..domain.cost import Cost
from ..domain.edits import Edit
from ..domain.ranges import whole
from ..domain.score import KEEPS
from ..domain.target import Scale
from ..engine.control import Control, Progress
from ..engine.edited import edited, score_of
from ..engine.few_frames import along, calls, greedy_order, with_frames
from ..errors import BadOption
from .batch import Backend
from .motion_table import EditRow, FewFrames, MotionTable
from .one_clip import OneClip, one_clip

SPEEDS = {"half speed": 0.5, "double speed": 2.0}


@dataclass(frozen=True)
class Kind:
    """One kind of edit."""

    name: str
    shows: str
    edits: Sequence[Edit]
    every: bool = True


def motion(
    model: Any,
    clip: Any,
    *,
    target: Any = None,
    scale: Scale | None = None,
    masks: Any = None,
    scene: Any = None,
    segments: int = 4,
    draws: int = 16,
    rounds: int = 2,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    device: str | torch.device | None = None,
    backend: Backend = "auto",
    seed: int = 0,
    progress: Progress | None = None,
    control: Control | None = None,
) -> MotionTable:
    """The score of a clip and of edits of it: single frames, frozen, backwards, shuffled, faster, slower.

    `masks`: where the actor is, a mask or a box (left, top, right, bottom) per frame, for edits of the background;
    `scene`: another clip to put behind it; `rounds`: frames to search for, one by one, 0 for no curves of frames.
    """
    whole("segments", segments, least=2)
    whole("draws", draws)
    whole("rounds", rounds, least=0)
    reins, started = control or Control(progress=progress), time.perf_counter()
    before = reins.spent
    with one_clip(
        model, clip, target=target, scale=scale, preprocess=preprocess, labels=labels, device=device, backend=backend,
        control=reins,
    ) as one:  # fmt: skip
        kinds = [*_in_time(one, segments, draws, seed), *_behind(one, masks, scene)]
        count = len(one.time)
        most = sum(len(kind.edits) for kind in kinds) + (calls(count, rounds) if rounds else 0)
        one.expect(most)
        rows = [_row(one, Kind("original", "the clip itself", [lambda frames: frames]))]
        rows += [_row(one, kind) for kind in kinds]
        settings = {"segments": segments, "draws": draws, "rounds": rounds, "seed": seed}
        return MotionTable(
            one.sample.picture.name, one.model.name, one.target.label, one.target.scale, rows[0].answers[0],
            one.chance, tuple(rows), _few(one, rows, rounds), one.frames, one.time, tuple(_notes(one, masks)), settings,
            reins.since(before), Cost(most + 1), time.perf_counter() - started,
        )  # fmt: skip


def _in_time(one: OneClip, segments: int, draws: int, seed: int) -> Iterator[Kind]:
    """Edits that leave each picture as it is."""
    count = len(one.time)
    edits.segments(count, segments)  # refused before anything is asked
    orders, middle = edits.orders(segments, draws, seed), count // 2
    singles = [_bound(edits.still, frame) for frame in range(count)]
    yield Kind("single frames", "each frame by itself, shown all the time", singles)
    yield Kind("frozen", f"still from frame {middle + 1} on", [_bound(edits.frozen, middle)])
    yield Kind("backwards", "the last frame first", [edits.backwards])
    shuffles = [_bound(edits.shuffled, order) for order in orders]
    yield Kind("shuffled", f"{segments} whole segments in another order", shuffles, len(orders) < draws)
    shows = {"half speed": "the middle half, each frame twice", "double speed": "every second frame, played twice"}
    for name, speed in SPEEDS.items():
        yield Kind(name, shows[name], [_bound(edits.at_speed, speed)])


def _behind(one: OneClip, masks: Any, scene: Any) -> Iterator[Kind]:
    """Edits of the background, where it is known what is not background."""
    thing = one.thing(masks)
    if thing is None:
        if scene is not None:
            raise BadOption("A scene was given, but not where the actor is.", fix="give masks, or boxes per frame.")
        return
    yield Kind("background only", "the actor replaced by what is behind it", [_bound(edits.emptied, thing)])
    yield Kind("actor only", "the background in its mean colour", [_bound(edits.alone, thing)])
    if scene is not None:
        yield Kind("other background", "in another scene", [_bound(edits.moved_to, thing, one.same_size(scene))])


def _row(one: OneClip, kind: Kind) -> EditRow:
    """The answers to all edits of a kind; clips are made a few at a time."""
    clips: Iterable[Tensor] = (edit(one.frames) for edit in kind.edits)
    outputs = edited(one.probe, clips)
    scores = score_of(one.probe, outputs)
    answers = one.named(outputs)
    (own,) = one.named(one.probe.clean)
    flips = sum(answer != own for answer in answers)
    return EditRow(
        kind.name, kind.shows, tuple(map(float, scores)), tuple(answers), flips, kind.every, tuple(kind.edits)
    )


def _few(one: OneClip, rows: Sequence[EditRow], rounds: int) -> FewFrames | None:
    """The few frames that suffice or are needed."""
    if not rounds:
        return None
    whole, stills = rows[0].score, torch.tensor(rows[1].scores)
    floor = one.chance or 0.0

    def ask(kept: Tensor) -> Tensor:
        return with_frames(one.probe, kept)

    order, reached = greedy_order(stills, ask, rounds, floor + KEEPS * (whole - floor))
    kept, lost = along(order, reached, whole, ask)
    return FewFrames(tuple(order), tuple(kept), tuple(lost), len(reached))


def _notes(one: OneClip, masks: Any) -> Iterator[str]:
    yield from (note for note in one.sample.picture.notes if not note.startswith("drawn"))  # nothing is drawn here
    thing = one.thing(masks)
    if thing is not None and (hidden := edits.always(thing)) > 0:
        yield f"{hidden:.0%} of the actor's pixels show no background in any frame: what is behind them was made up"


def _bound(edit: Callable[..., Tensor], *given: Any) -> Edit:
    return lambda clip: edit(clip, *given)
