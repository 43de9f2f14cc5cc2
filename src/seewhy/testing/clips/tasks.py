"""What there is to be told from a clip: for each task its classes, and how a story is drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import BadOption
from ..scenes.colours import COLOURS, PALE
from ..scenes.drawing import Pixels, Point
from ..scenes.subjects import one_of
from ..scenes.surroundings import Background
from .actors import Actor
from .story import Backdrop, Cause
from .stripes import Stripes

MARGIN = 0.2  # that the middle of an actor keeps from the border
EVENT = 3  # frames
TRIES = 8  # ways for a distractor, of which the one that stays farthest from the target is taken
SHAPES = ("triangle", "ring", "cross")
SPEEDS = (0.015, 0.045, 0.09)  # shares of the shorter side per frame
TURNS = (0.0, 60.0, 120.0)  # of stripes

Random = np.random.Generator
Way = Pixels  # (t, 2): right, down


@dataclass(frozen=True)
class Take:
    """One way to tell a story: where the target goes, what it looks like, and on which background."""

    way: Way
    figures: tuple[str, ...]
    background: Backdrop


@dataclass(frozen=True, eq=False)
class Task:
    """The names of the classes, the fewest frames that it needs, and the takes of a story: of each class, and of none.

    The takes of a story share all that does not make the class.
    """

    name: str
    classes: tuple[str, ...]
    least: int
    takes: Callable[[Random, int], list[Take]]  # random numbers, frames
    still: bool = False  # the distractor

    def needs(self, frames: int) -> None:
        """Refuse clips that are too short for what happens in them."""
        if frames < self.least:
            raise BadOption(
                f"{frames} frames are too few for the task {self.name!r}.", fix=f"give {self.least} or more."
            )


# -- the tasks


def _direction(random: Random, frames: int) -> list[Take]:
    """All ways have the same middle and the same length: played backwards, each is one of another class."""
    middle, drift, background = random.uniform(0.4, 0.6, 2), random.uniform(0.3, 0.42), _texture(random)
    steps = np.linspace(-0.5, 0.5, frames)[:, None] * drift
    ways = [middle + steps * np.array(towards) for towards in ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))]
    return [Take(way, ("disc",) * frames, background) for way in ways]


def _speed(random: Random, frames: int) -> list[Take]:
    """Back and forth between two walls: where it is in a frame tells nothing of how fast it goes."""
    height, phase, sign = random.uniform(MARGIN, 1 - MARGIN), random.uniform(0, 2), random.choice([-1, 1])
    background, steps = _texture(random), np.arange(frames) - frames // 2
    places = [_folded(phase + sign * speed * steps) for speed in (*SPEEDS, 0.0)]
    return [Take(np.stack([at, np.full(frames, height)], axis=1), ("disc",) * frames, background) for at in places]


def _event(random: Random, frames: int) -> list[Take]:
    start = int(random.integers(1, frames - EVENT))
    return _changing(random, [_discs(frames, {start: shown}) for shown in ("disc", "ring", "cross", "disc")])


def _order4(random: Random, frames: int) -> list[Take]:
    half = frames // 2
    first, second = int(random.integers(1, half - EVENT + 1)), int(random.integers(half, frames - EVENT))
    pairs = [(one, other) for one in SHAPES[1:] for other in SHAPES[1:]]
    return _changing(random, [_discs(frames, {first: one, second: other}) for one, other in (*pairs, ("disc", "disc"))])


def _appearance(random: Random, frames: int) -> list[Take]:
    return _changing(random, [(figure,) * frames for figure in (*SHAPES, "disc")])


def _shortcut(random: Random, frames: int) -> list[Take]:
    """The shape says the class and the stripes say it, too; without the cause there are no stripes."""
    way, colours, start = _wander(random, frames), _two(random, tuple(PALE)), random.random()
    striped = [Stripes(turn, *colours, start=start) for turn in TURNS]
    takes = [Take(way, (figure,) * frames, stripes) for figure, stripes in zip(SHAPES, striped, strict=True)]
    return [*takes, Take(way, ("disc",) * frames, Background("plain", colours[0]))]


PAIRS = tuple(f"{one}, {other}" for one in SHAPES[1:] for other in SHAPES[1:])
TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        Task("direction", ("left", "right", "up", "down"), 4, _direction, still=True),
        Task("event", ("nothing", "ring", "cross"), EVENT + 2, _event),
        Task("order4", PAIRS, 2 * EVENT + 2, _order4),
        Task("appearance", SHAPES, 1, _appearance),
        Task("shortcut", SHAPES, 1, _shortcut),
        Task("speed", ("slow", "medium", "fast"), 4, _speed),
    )
}


def task_of(name: str) -> Task:
    """A task by its name."""
    one_of(name, TASKS, "task")
    return TASKS[name]


# -- who is in it


def cast(random: Random, task: Task, frames: int, label: int) -> tuple[tuple[Actor, ...], Backdrop, Cause]:
    """Distractor and target, the background, and what makes the class."""
    takes, colours = task.takes(random, frames), _two(random, tuple(COLOURS)[:-2])
    sizes = random.uniform(0.36, 0.46, 2).tolist()
    targets = [Actor("target", colours[0], sizes[0], _places(take.way), take.figures) for take in takes]
    backgrounds = [take.background for take in takes]
    forms = tuple(targets) if len(set(backgrounds)) == 1 else tuple(backgrounds)
    aside = _aside(random, takes, task.still)
    distractor = Actor("distractor", colours[1], sizes[1], _places(aside), ("square",) * frames)
    return (distractor, targets[label]), backgrounds[label], Cause(forms[:-1], forms[-1])


def _aside(random: Random, takes: Sequence[Take], still: bool) -> Way:
    """Of some ways the one that stays farthest from the target, whatever that does."""
    frames = len(takes[0].way)
    ways = [np.repeat(_wander(random, 1), frames, axis=0) if still else _wander(random, frames) for _ in range(TRIES)]
    apart = [min(float(((way - take.way) ** 2).sum(axis=1).min()) for take in takes) for way in ways]
    return ways[int(np.argmax(apart))]


def _changing(random: Random, looks: Sequence[tuple[str, ...]]) -> list[Take]:
    """A target that wanders about, with these looks."""
    way, background = _wander(random, len(looks[0])), _texture(random)
    return [Take(way, figures, background) for figures in looks]


def _discs(frames: int, events: Mapping[int, str]) -> tuple[str, ...]:
    """A disc that is something else for a while from each of these frames on."""
    shown = ["disc"] * frames
    for start, figure in events.items():
        shown[start : start + EVENT] = [figure] * EVENT
    return tuple(shown)


def _wander(random: Random, frames: int) -> Way:
    """A straight way that is thrown back by the borders."""
    start, speed = random.uniform(0, 2, 2), random.uniform(-0.03, 0.03, 2)
    return _folded(start + speed * np.arange(frames)[:, None])


def _folded(at: Pixels) -> Pixels:
    """Going on and on (0 to 2: there and back) as going to and fro inside the borders."""
    return MARGIN + (1 - 2 * MARGIN) * np.abs((at % 2) - 1)


def _texture(random: Random) -> Background:
    return Background("texture", *_two(random, tuple(PALE)), int(random.integers(1 << 31)))


def _places(way: Way) -> tuple[Point, ...]:
    return tuple((x, y) for x, y in way.tolist())


def _two(random: Random, names: Sequence[str]) -> tuple[str, str]:
    first = int(random.integers(len(names)))
    return names[first], names[(first + 1 + int(random.integers(len(names) - 1))) % len(names)]
