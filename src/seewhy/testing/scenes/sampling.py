"""Any number of scenes from a seed, balanced over the classes of a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ...errors import BadOption
from .colours import PALE
from .drawing import Pose
from .rules import Combination, Rule, rule_of
from .scene import Scene, Size
from .subjects import BIRD, Look, one_of
from .surroundings import BLENDS, USUAL, Background, Thing, telling_background, watermark

T = TypeVar("T")
SPLITS = {"train": 0, "validation": 1, "test": 2}
SHORTCUTS = ("none", "watermark", "background")


@dataclass(frozen=True, eq=False)
class Rendered:
    """Pictures, their classes, what is true of each, and the scenes that they were drawn from."""

    images: Float[Tensor, "b 3 h w"]
    labels: Int[Tensor, " b"]
    concepts: Bool[Tensor, "b concepts"]
    concept_names: tuple[str, ...]
    scenes: tuple[Scene, ...]
    rule: Rule


def dataset(
    count: int,
    seed: int = 0,
    *,
    rule: str | Rule = "every-part",
    split: str = "train",
    size: Size = 64,
    missing: float = 0.0,
    shortcut: str = "none",
    strength: float = 1.0,
) -> Rendered:
    """Scenes of all classes in turn; no scene of one split or seed occurs in another.

    `missing` is the chance that a part is left out, as long as the class can still be told; `strength` is the chance
    that the shortcut points to the right class, and otherwise it points anywhere.
    """
    made = rule_of(rule)
    if count < 1:
        raise BadOption(f"A set of {count} scenes is empty.", fix="ask for one or more.")
    scenes = [
        scene_at(i, seed, rule=made, split=split, missing=missing, shortcut=shortcut, strength=strength)
        for i in range(count)
    ]
    return Rendered(
        images=torch.stack([scene.render(size) for scene in scenes]),
        labels=torch.tensor([scene.label for scene in scenes]),
        concepts=torch.tensor([scene.concepts for scene in scenes]),
        concept_names=made.kind.concepts,
        scenes=tuple(scenes),
        rule=made,
    )


def scene_at(
    index: int,
    seed: int = 0,
    *,
    rule: str | Rule = "every-part",
    split: str = "train",
    missing: float = 0.0,
    shortcut: str = "none",
    strength: float = 1.0,
) -> Scene:
    """The scene at a place of a set, drawn from its own random numbers."""
    one_of(split, SPLITS, "split")
    one_of(shortcut, SHORTCUTS, "shortcut")
    for name, chance in {"missing": missing, "strength": strength}.items():
        if not 0 <= chance <= 1:
            raise BadOption(f"{name}={chance} is no chance.", fix="give a number from 0 to 1.")
    rule = rule_of(rule)
    random = np.random.default_rng((seed, SPLITS[split], index))
    label = index % len(rule.classes)
    looks = _looks(random, rule, rule.classes[label])
    whole = Scene(tuple(looks.items()), _pose(random, rule), _things(random), _background(random), label, rule.kind)
    plain = _thinned(whole, random, rule, missing)
    told = label if random.random() < strength else int(random.integers(len(rule.classes)))
    return _with_shortcut(plain, shortcut, told)


def _with_shortcut(plain: Scene, shortcut: str, told: int) -> Scene:
    if shortcut == "watermark":
        return plain.with_thing(watermark(told))
    return plain.with_background(telling_background(told)) if shortcut == "background" else plain


def _thinned(whole: Scene, random: np.random.Generator, rule: Rule, missing: float) -> Scene:
    """Some parts left out, never so many that the class cannot be told any more."""
    for part in (part for part, looks in whole.kind.looks.items() if len(looks) > 1):
        if random.random() < missing:
            fewer = whole.without(part)
            whole = fewer if rule.label(fewer) == whole.label else whole
    return whole


def _looks(random: np.random.Generator, rule: Rule, wanted: Combination) -> dict[str, Look]:
    """A look for each part: what the class asks for, anything where it leaves the part free."""
    looks = {}
    for part in rule.kind.parts:
        free = _one(random, rule.kind.looks[part])
        asked = wanted.get(part, free)
        looks[part] = Look(asked, free.colour) if isinstance(asked, str) else asked
    return looks


def _pose(random: np.random.Generator, rule: Rule) -> Pose:
    size, x, y, turn = random.uniform((0.64, 0.45, 0.45, -12), (0.78, 0.55, 0.55, 12)).tolist()
    return Pose(x, y, size if rule.kind is BIRD else size * 0.85, turn, left=bool(random.random() < 0.5))


def _things(random: np.random.Generator) -> tuple[Thing, ...]:
    """One to three things along the border, clouds above and stones below."""
    numbers = range(1, 2 + int(random.integers(3)))
    return tuple(_thing(random, _one(random, tuple(USUAL)), number) for number in numbers)


def _thing(random: np.random.Generator, kind: str, number: int) -> Thing:
    along, depth, size, tilt = random.uniform((0.1, 0.06, 0.16, -1), (0.9, 0.12, 0.24, 1)).tolist()
    side = depth if random.random() < 0.5 else 1 - depth
    x, y = {"stone": (along, 1 - depth), "cloud": (along, depth), "leaf": (side, along)}[kind]
    turn = tilt * (180 if kind == "leaf" else 8)
    return Thing(f"{kind} {number}", kind, _one(random, USUAL[kind]), Pose(x, y, size, turn))


def _background(random: np.random.Generator) -> Background:
    colour = _one(random, tuple(PALE))
    second = _one(random, tuple(name for name in PALE if name != colour))
    return Background(_one(random, tuple(BLENDS)), colour, second, int(random.integers(1 << 31)))


def _one(random: np.random.Generator, of: Sequence[T]) -> T:
    return of[int(random.integers(len(of)))]
