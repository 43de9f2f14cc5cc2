"""What makes a class: which looks of which parts belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .scene import Scene
from .subjects import BIRD, SHAPE, Kind, Look, one_of

Combination = Mapping[str, Look | str]  # part: a look, or its form alone; parts that are not named are free


@dataclass(frozen=True, eq=False)
class Rule:
    """For each class the parts that make it."""

    name: str
    kind: Kind
    classes: tuple[Combination, ...]

    @property
    def decisive(self) -> tuple[str, ...]:
        """The parts that the classes differ in."""
        named = {part for wanted in self.classes for part in wanted}
        return tuple(part for part in self.kind.parts if part in named)

    def label(self, scene: Scene) -> int | None:
        """The only class that nothing in the scene speaks against; a part that is missing speaks against none."""
        looks = dict(scene.parts)
        fits = [label for label, wanted in enumerate(self.classes) if _fits(wanted, looks)]
        return fits[0] if len(fits) == 1 else None


def _fits(wanted: Combination, looks: Mapping[str, Look]) -> bool:
    return all(part not in looks or look in (looks[part], looks[part].form) for part, look in wanted.items())


def _every_part(spread: int, row: int) -> Combination:
    """From part to part the look moves on by `spread`: with 0 and 1, two combinations share at most two parts."""
    varied = [(part, looks) for part, looks in BIRD.looks.items() if len(looks) == 4]
    return {part: looks[(row + spread * place) % 4] for place, (part, looks) in enumerate(varied)}


_FIGURES, _PATTERNS = ("circle", "square", "triangle", "cross"), ("striped", "dotted")
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("every-part", BIRD, tuple(_every_part(spread, row) for spread in (0, 1) for row in range(4))),
        Rule("wings", BIRD, tuple({"wings": look} for look in BIRD.looks["wings"])),
        Rule("figures", SHAPE, tuple({"figure": f, "pattern": p} for f in _FIGURES for p in _PATTERNS)),
    )
}


def rule_of(rule: str | Rule) -> Rule:
    """A rule by its name, or as it was given."""
    if isinstance(rule, Rule):
        return rule
    one_of(rule, RULES, "rule")
    return RULES[rule]
