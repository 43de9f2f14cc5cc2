"""What a picture shows: a bird or a shape, as a list of parts, each with a form and a colour."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ...errors import BadOption, near
from . import birds, shapes
from .colours import COLOURS
from .drawing import Ink, Stroke

Drawing = Callable[[Ink], list[Stroke]]


@dataclass(frozen=True)
class Look:
    """How a part looks: its form and the name of its colour."""

    form: str
    colour: str

    def __str__(self) -> str:
        return f"{self.form} {self.colour}"


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of subject: its parts in the order of painting, how each form is drawn, and the looks in use."""

    name: str
    forms: Mapping[str, Mapping[str, Drawing]]  # part, form
    looks: Mapping[str, tuple[Look, ...]]

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.forms)

    @property
    def concepts(self) -> tuple[str, ...]:
        """All that can be said of the parts that vary, in a fixed order."""
        told = ((part, look) for part, looks in self.looks.items() if len(looks) > 1 for look in looks)
        return tuple(dict.fromkeys(concept for part, look in told for concept in concepts(part, look)))

    def strokes(self, part: str, look: Look) -> list[Stroke]:
        """The drawing of a part."""
        return _drawn(self.forms[part][look.form], look.colour)

    def check(self, part: str, look: Look) -> None:
        """Refuse a part, form or colour that cannot be drawn."""
        one_of(part, self.forms, "part")
        one_of(look.form, self.forms[part], f"form of {part}")
        one_of(look.colour, COLOURS, "colour")


def concepts(part: str, look: Look) -> tuple[str, str]:
    """What can be said of a part, such as `long beak` and `red beak`."""
    return f"{look.form} {part}", f"{look.colour} {part}"


@functools.cache
def _drawn(drawing: Drawing, colour: str) -> list[Stroke]:
    return drawing(COLOURS[colour])


def one_of(word: str, known: Iterable[str], what: str) -> None:
    """Refuse a word that is not among those that are known."""
    if word in known:
        return
    fix = f"choose one of: {', '.join(known)}."
    raise BadOption(f"There is no {what} {word!r}.{near(word, known)}", fix=fix)


def _looks(words: str) -> tuple[Look, ...]:
    return tuple(Look(*look.split()) for look in words.split(", "))


BIRD = Kind(
    "bird",
    forms={
        "tail": {"fan": birds.fan_tail, "long": birds.long_tail, "forked": birds.forked_tail},
        "feet": {"webbed": birds.webbed_feet, "clawed": birds.clawed_feet, "tall": birds.tall_feet},
        "body": {"plump": birds.body},
        "beak": {"long": birds.long_beak, "short": birds.short_beak, "hooked": birds.hooked_beak},
        "wings": {"round": birds.round_wings, "pointed": birds.pointed_wings, "raised": birds.raised_wings},
        "eyes": {"round": birds.round_eyes, "ringed": birds.ringed_eyes, "sleepy": birds.sleepy_eyes},
    },
    looks={
        "body": _looks("plump grey"),
        "tail": _looks("fan green, long purple, forked red, fan blue"),
        "feet": _looks("webbed orange, clawed black, tall pink, webbed blue"),
        "beak": _looks("long yellow, short red, hooked black, long purple"),
        "wings": _looks("round red, pointed blue, raised yellow, round green"),
        "eyes": _looks("round blue, ringed yellow, sleepy pink, ringed red"),
    },
)
SHAPE = Kind(
    "shape",
    forms={
        "figure": {
            "circle": shapes.circle,
            "square": shapes.square,
            "triangle": shapes.triangle,
            "cross": shapes.cross,
        },
        "pattern": {"striped": shapes.striped, "dotted": shapes.dotted},
        "mark": {"ring": shapes.ring, "diamond": shapes.diamond},
    },
    looks={
        "figure": _looks("circle red, square blue, triangle yellow, cross green"),
        "pattern": _looks("striped black, dotted white"),
        "mark": _looks("ring purple, diamond orange"),
    },
)
