"""A check: one number with a verdict that travels with the explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "warning", "bad", "info", "not run"]


@dataclass(frozen=True)
class Check:
    """What was checked, what came out, and what it means in a sentence."""

    name: str  # completeness, zero-map, constant-map, saturated, empty-input, convergence, class-discrimination ...
    verdict: Verdict
    message: str
    value: float | None = None

    def to_json(self) -> dict[str, object]:
        """Plain data for manifests and `--json`."""
        return dict(vars(self))
