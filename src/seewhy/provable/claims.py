"""What an explainer may claim about its maps, in words, and what follows from what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import BadOption, near

RULES = ("shapley", "banzhaf", "leave-one-out", "path-integral")  # each says what a map must be, for every network


@dataclass(frozen=True)
class Claim:
    """One claim as a sentence, and the claims that it includes."""

    means: str
    implies: tuple[str, ...] = ()


_FAIR = ("dummy", "linear", "symmetric", "additive", "equivariant", "timely")
CLAIMS = {
    "shapley": Claim(
        "Each place gets its Shapley value, the rest being black.", (*_FAIR, "complete", "sensitive", "pointing")
    ),
    "banzhaf": Claim("Each place gets its Banzhaf value, the rest being black.", (*_FAIR, "sensitive", "pointing")),
    "leave-one-out": Claim("Each place gets the drop of the score when it alone turns black.", (*_FAIR, "pointing")),
    "path-integral": Claim(
        "Each place gets the integral of its gradient on the straight way from black to the image.",
        (*_FAIR, "complete", "sensitive", "pointing"),
    ),
    "unbiased": Claim("Maps from few samples are right on average, and more samples bring them nearer."),
    "complete": Claim("The map sums to the score less that of a black image."),
    "dummy": Claim("A place that the network does not read gets nothing.", ("local",)),
    "linear": Claim("The map of 2f + g is twice the map of f plus the map of g."),
    "symmetric": Claim("Places that the network cannot tell apart, and that show the same, get the same."),
    "additive": Claim("Where the score is a sum over places, each gets its own term.", ("proportional",)),
    "proportional": Claim("On a linear network each place gets its weight times its value."),
    "sensitive": Claim("A place that the answer rests on gets something, also where the score is saturated."),
    "class-specific": Claim("Maps of two classes differ where their evidence lies in different places."),
    "shift-invariant": Claim("A constant that is added to the image and undone by the network changes nothing."),
    "local": Claim("At most 1 % of the map lies where the network does not look."),
    "pointing": Claim("The map is strongest where the evidence lies."),
    "timely": Claim("In a clip, what happens is found when it happens, and frames that are alike are worth the same."),
    "motion": Claim("What rests on motion is gone from a still frame, what rests on looks is not."),
    "equivariant": Claim("When image and network are mirrored or shifted, so is the map."),
    "per-image": Claim("A batch is explained exactly as its images alone."),
    "sparing": Claim("No image is asked about twice."),
    "counted": Claim("The model calls are exactly those that are stated."),
    "error-bars": Claim("The stated 95 % intervals cover the value of a large sample about as often as they say."),
}


def all_of(claims: Iterable[str]) -> frozenset[str]:
    """The claims with all that they include."""
    found: set[str] = set()
    todo = list(claims)
    while todo:
        claim = todo.pop()
        if claim not in CLAIMS:
            raise BadOption(
                f"There is no claim {claim!r}.{near(claim, CLAIMS)}", fix=f"choose among: {', '.join(CLAIMS)}."
            )
        if claim not in found:
            found.add(claim)
            todo += CLAIMS[claim].implies
    return frozenset(found)
