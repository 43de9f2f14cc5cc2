"""A model that only answers, with its answer read as other rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..domain.shapes import Outputs, Variants
from .model import Model
from .outputs import asking, checked
from .tasks import Rows


class Reread(Model):
    """Asks another model; all but the rows, and the facts given, is that model's."""

    def __init__(self, model: Model, rows: Rows, facts: Mapping[str, Any]) -> None:
        known = ("name", "labels", "preprocess", "capabilities", "missing", "device", "dtype", "size", "limit")
        for fact in (*known, "elsewhere", "task", "kind", "unit", "notes"):
            setattr(self, fact, getattr(model, fact))
        for fact, value in facts.items():
            setattr(self, fact, value)
        self.model, self.rows = model, rows

    def __call__(self, images: Variants) -> Outputs:
        answer = self.model.raw(images)
        with asking(self.name, tuple(images.shape)):
            found = self.rows(answer)
        return checked(found, len(images), self.name)

    @property
    def fingerprint(self) -> str:
        return self.model.fingerprint
