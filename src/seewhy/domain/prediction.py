"""What the model answered for one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor

from .shapes import Outputs
from .target import Kind, Scale, Target, probabilities


@dataclass(frozen=True)
class Ranked:
    """One class among the model's answers."""

    index: int
    label: str
    probability: float | None  # of a box its score, of a segment its share of the picture; None for a value
    output: float  # the raw number that the model gave


@dataclass(frozen=True)
class Prediction:
    """The classes the model holds most likely, best first."""

    top: tuple[Ranked, ...]
    kind: Kind
    classes: int
    task: str = "classes"
    unit: str = ""  # of values

    @property
    def index(self) -> int:
        return self.top[0].index

    @property
    def label(self) -> str:
        return self.top[0].label if self.top else "nothing"

    @property
    def probability(self) -> float | None:
        return self.top[0].probability

    @staticmethod
    def of(
        outputs: Tensor,
        kind: Kind,
        labels: Sequence[str] | None,
        *,
        task: str = "classes",
        unit: str = "",
        shown: int = 5,
    ) -> Prediction:
        """The prediction of one row of outputs."""
        row = outputs.reshape(1, -1).float().cpu()
        if kind == "values":
            read = [Ranked(i, name_of(i, labels, kind), None, float(row[0, i])) for i in range(row.shape[1])]
            return Prediction(tuple(read[:shown]), kind, row.shape[1], task, unit)
        p = probabilities(row, kind)[0]
        best = row[0].argsort(descending=True, stable=True)[:shown].tolist()
        ranked = tuple(Ranked(i, name_of(i, labels), float(p[i]), float(row[0, i])) for i in best)
        return Prediction(ranked, kind, row.shape[1], task, unit)

    def to_json(self) -> dict[str, object]:
        """Plain data for manifests and `--json`."""
        return {
            "kind": self.kind,
            "task": self.task,
            "unit": self.unit,
            "classes": self.classes,
            "top": [vars(rank) for rank in self.top],
        }


def winners(outputs: Outputs, kind: Kind) -> Int[Tensor, " n"]:
    """The class that each row predicts; of a single output whether it says yes (1) or no (0)."""
    if outputs.shape[1] > 1:
        return outputs.argmax(dim=1)
    return (outputs[:, 0] > (0 if kind == "logits" else 0.5)).long()


def name_of(index: int, labels: Sequence[str] | None, kind: Kind = "logits") -> str:
    """The class name, or 'class 7' (or 'value 7') for a model without names."""
    return labels[index] if labels and index < len(labels) else f"{'value' if kind == 'values' else 'class'} {index}"


def of_class(index: int, labels: Sequence[str] | None, scale: Scale, kind: Kind) -> Target:
    """The score of one class; a model that answers probabilities has no logits, so their logarithm stands in."""
    return Target(index, name_of(index, labels, kind), scale, kind)


def rival(target: Target, outputs: Tensor, labels: Sequence[str] | None) -> Target | None:
    """The strongest other class, to see whether its map differs; None when there is no other."""
    if target.index is None or outputs.shape[1] < 2 or target.kind == "values":
        return None
    others = outputs[0].clone()
    others[target.index] = -float("inf")
    if target.kind == "matches" and others.max() <= 0:  # no other class matches at all: its map would be zero
        return None
    return of_class(int(others.argmax()), labels, target.scale, target.kind)
