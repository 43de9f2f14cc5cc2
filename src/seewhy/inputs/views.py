"""How many looks at one clip a model averages in use: stretches of its time, times crops."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import BadOption


@dataclass(frozen=True)
class Views:
    """Equal stretches of the time, each cropped in one place or in three."""

    clips: int = 1
    crops: int = 1

    def __post_init__(self) -> None:
        if self.clips < 1 or self.crops not in (1, 3):
            problem = f"clips={self.clips}, crops={self.crops} are no views."
            raise BadOption(problem, fix="give clips from 1 on, and 1 or 3 crops.")

    @staticmethod
    def of(thing: Views | str | None) -> Views:
        """From words such as 2x3; nothing is a single view."""
        if thing is None or isinstance(thing, Views):
            return thing or Views()
        found = re.fullmatch(r"\s*(\d+)\s*[x×]\s*(\d+)\s*", str(thing))
        if found is None:
            raise BadOption(f"views={thing!r} are no views.", fix="give clips and crops, such as 2x3.")
        return Views(int(found[1]), int(found[2]))

    @property
    def count(self) -> int:
        """How many times the model looks."""
        return self.clips * self.crops

    def __str__(self) -> str:
        return f"{self.clips}x{self.crops}"


ONE = Views()
