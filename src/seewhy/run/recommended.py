"""What `seewhy.recommend` found, as `explain` uses it: only for the model that it was found for."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.options import decode
from ..errors import UnusableRecommendation
from ..models.model import Model
from ..registry import find_method
from .auto import Choice

SCHEMA = {"name": "seewhy-recommendation", "version": 1}
STORED = "auto:"  # and a path
AGAIN = "write it again with `seewhy recommend --out`."


@dataclass(frozen=True)
class Recommended:
    """A method with its options, for one model."""

    model: str
    fingerprint: str
    method: str  # "" where there is none that `explain` knows
    options: Mapping[str, Any]  # encoded
    why: str  # it was recommended, or why nothing is

    def choice(self, model: Model) -> Choice:
        """What to run on this model; another one is refused."""
        if model.fingerprint != self.fingerprint:
            raise UnusableRecommendation(
                f"The recommendation was made for {self.model} ({self.fingerprint[:12]}); {model.name} "
                f"({model.fingerprint[:12]}) is another model, or has other weights.",
                fix="run `seewhy recommend` for this model, or choose method='auto' or a name.",
            )
        if not self.method:
            raise UnusableRecommendation(self.why, fix="name a method, or run `seewhy recommend` on more images.")
        options = {name: decode(value) for name, value in self.options.items()}
        return Choice(find_method(self.method), options, f"{self.method} was recommended: {self.why}")


class Recommends(ABC):
    """Whatever can be asked for a method."""

    @property
    @abstractmethod
    def recommended(self) -> Recommended:
        """The method."""


def recommended(source: Any) -> Recommended | None:
    """What a recommendation, or `auto:` and the path of a stored one, recommends; None where it is neither."""
    if isinstance(source, Recommends):
        return source.recommended
    if isinstance(source, str) and source.startswith(STORED):
        path = source.removeprefix(STORED)
        try:
            return Recommended(**read(path)["recommended"])
        except (KeyError, TypeError) as error:
            raise damaged(path, error) from error
    return None


def damaged(path: str | Path, error: Exception) -> UnusableRecommendation:
    """What to say of a file whose fields are not what they should be."""
    problem = f"{path} is a damaged recommendation: {type(error).__name__} at {error}."
    return UnusableRecommendation(problem, fix=AGAIN)


def read(path: str | Path) -> dict[str, Any]:
    """A stored recommendation as plain data."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = f"There is no recommendation at {path}: {getattr(error, 'strerror', None) or error}."
        raise UnusableRecommendation(problem, fix="give the file that `seewhy recommend --out` wrote.") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        found = data.get("schema") if isinstance(data, dict) else type(data).__name__
        problem = f"{path} is no recommendation that this version reads: its schema is {found!r}."
        raise UnusableRecommendation(problem, fix=AGAIN)
    return data
