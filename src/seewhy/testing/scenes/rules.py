"""What makes a class: which looks of which parts belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .scene import Scene
from .subjects import BIRD, SHAPE, Kind, Look

Combination = Mapping[str, Look | str]  # part: a look, or its form alone; parts that are not named are free


@dataclass(frozen=True, eq=False)
class Rule:
    """For each class the combinations of parts that it comes in; one of them is enough."""

    name: str
    kind: Kind
    classes: tuple[tuple[Combination, ...], ...]

    @property
    def decisive(self) -> tuple[str, ...]:
        """The parts that the classes differ in."""
        named = {part for ways in self.classes for way in ways for part in way}
        return tuple(part for part in self.kind.parts if part in named)

    def label(self, scene: Scene) -> int | None:
        """The only class that nothing in the scene speaks against; a part that is missing speaks against none."""
        looks = dict(scene.parts)
        fits = [i for i, ways in enumerate(self.classes) if any(_fits(way, looks) for way in ways)]
        return fits[0] if len(fits) == 1 else None


def _fits(way: Combination, looks: Mapping[str, Look]) -> bool:
    return all(part not in looks or wanted in (looks[part], looks[part].form) for part, wanted in way.items())


def _every_part(spread: int, row: int) -> Combination:
    """Along the parts the look moves on by `spread`: two of these eight combinations share at most two parts of five."""
    return {part: looks[(row + spread * i) % 4] for i, (part, looks) in enumerate(BIRD.looks.items())}


_FIGURES, _PATTERNS = ("circle", "square", "triangle", "cross"), ("striped", "dotted")
_EXCLUSIVE: tuple[tuple[Combination, ...], ...] = (
    ({"pattern": "striped", "mark": "diamond"}, {"pattern": "dotted", "mark": "ring"}),
    ({"pattern": "striped", "mark": "ring"}, {"pattern": "dotted", "mark": "diamond"}),
)
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("every-part", BIRD, tuple((_every_part(spread, row),) for spread in (0, 1) for row in range(4))),
        Rule("wings", BIRD, tuple(({"wings": look},) for look in BIRD.looks["wings"])),
        Rule("figures", SHAPE, tuple(({"figure": f, "pattern": p},) for f in _FIGURES for p in _PATTERNS)),
        Rule("exclusive", SHAPE, _EXCLUSIVE),
    )
}
