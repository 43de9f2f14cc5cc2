"""What is being asked about: a class, a contrast, or any number made from the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from ..errors import BadTarget, SeewhyError, UnknownClass, near
from .shapes import Outputs, Scores

Scale = Literal["logit", "probability", "log-odds", "value"]
SCALES = ("logit", "probability", "log-odds")  # that can be wished for
Kind = Literal["logits", "probabilities", "values", "matches"]  # values do not compete, matches have no softmax

OWN_SCALE = ("values", "matches")  # kinds that are no scores of classes


@dataclass(frozen=True)
class Contrast:
    """Why `this` rather than `that`: the difference of the two scores."""

    this: int | str
    that: int | str


@dataclass(frozen=True, eq=False)
class Segment:
    """How strongly a segmenter calls pixels by a class: nothing means the largest one, where it is predicted."""

    of: int | str | None = None
    mask: Any = None  # of the photo's pixels (h, w), True where the class is asked about


@dataclass(frozen=True, eq=False)
class Similar:
    """How alike the embedding of the input is to another: of an image, given as numbers, or of a text."""

    to: Any
    tokenizer: Any = None  # given when `to` is a text: the tokenizer of the model


@dataclass(frozen=True)
class Box:
    """How well a detector finds what is in a box of the photo; without a label, as what it finds there now."""

    left: float
    top: float
    right: float
    bottom: float
    label: int | str | None = None


Asked = Box | int | str | Contrast | Segment | Similar | Callable[[Tensor], Tensor] | None


@dataclass(frozen=True)
class Target:
    """One question, resolved against one model: outputs in, one score per row out."""

    index: int | None  # the class spoken for; None for a callable
    label: str
    scale: Scale = "logit"
    kind: Kind = "logits"
    against: int | None = None  # the other class of a contrast
    function: Callable[[Tensor], Tensor] | None = None

    def __call__(self, outputs: Outputs) -> Scores:
        if self.function is not None:
            return _checked(self._called(outputs), outputs)
        assert self.index is not None
        scores = on_scale(outputs, self.index, self.scale, self.kind)
        return scores if self.against is None else scores - on_scale(outputs, self.against, self.scale, self.kind)

    def _called(self, outputs: Outputs) -> object:
        assert self.function is not None
        try:
            return self.function(outputs)
        except SeewhyError:
            raise
        except Exception as error:
            reason = (str(error).strip() or "no message").splitlines()[0][:300]
            raise BadTarget(
                f"The target function {self.label} raised {type(error).__name__}: {reason}",
                fix=f"make it answer one number per row of outputs of shape {tuple(outputs.shape)}.",
            ) from error

    def to_json(self) -> dict[str, object]:
        """Plain data for manifests and `--json`."""
        return {"index": self.index, "label": self.label, "scale": self.scale, "against": self.against}


def on_scale(outputs: Outputs, index: int, scale: Scale, kind: Kind) -> Scores:
    """The score of one class; a single output is the log-odds (or probability) of its one class."""
    if kind in OWN_SCALE:
        return outputs[:, index]
    single = outputs.shape[1] == 1
    if kind == "logits":
        if scale == "logit":
            return outputs[:, index]
        if single:
            return torch.sigmoid(outputs[:, index]) if scale == "probability" else outputs[:, index]
        log_p = torch.log_softmax(outputs, dim=1)[:, index]
        if scale == "probability":
            return log_p.exp()
        others = torch.cat([outputs[:, :index], outputs[:, index + 1 :]], dim=1)
        return outputs[:, index] - torch.logsumexp(others, dim=1)
    if scale == "probability":
        return outputs[:, index]
    p = outputs[:, index].clamp(1e-7, 1 - 1e-7)  # float32 cannot tell probabilities closer to 0 or 1 apart
    return p.log() - (-p).log1p() if scale == "log-odds" else p.log()


def probabilities(outputs: Outputs, kind: Kind) -> Outputs:
    """Outputs as class probabilities."""
    if kind != "logits":
        return outputs
    return torch.sigmoid(outputs) if outputs.shape[1] == 1 else torch.softmax(outputs, dim=1)


def kind_of(outputs: Outputs) -> Kind:
    """Whether rows are already probabilities: between 0 and 1, and adding up to 1."""
    inside = bool((outputs >= 0).all() and (outputs <= 1 + 1e-5).all())
    sums = bool((outputs.sum(dim=1) - 1).abs().max() < 1e-3)
    return "probabilities" if inside and (sums or outputs.shape[1] == 1) else "logits"


def class_index(asked: int | str, labels: Sequence[str] | None, classes: int) -> int:
    """The index of a class given by number or by name."""
    if isinstance(asked, str) and asked.lstrip("-").isdigit() and not (labels and asked in labels):
        asked = int(asked)
    if isinstance(asked, int):
        if not 0 <= asked < classes:
            raise UnknownClass(
                f"There is no class {asked}: the model has {classes} classes.",
                fix=f"give an index from 0 to {classes - 1}, or a class name.",
            )
        return asked
    if not labels:
        raise UnknownClass(
            f"The class name {asked!r} cannot be looked up: the model carries no class names.",
            fix=f"give an index from 0 to {classes - 1}, or pass labels=[...] once.",
        )
    return _by_name(asked, labels)


def _by_name(asked: str, labels: Sequence[str]) -> int:
    wanted = asked.casefold().strip()
    exact = [i for i, label in enumerate(labels) if label.casefold() == wanted]
    synonyms = [i for i, label in enumerate(labels) if wanted in (s.strip().casefold() for s in label.split(","))]
    matches = exact or synonyms
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UnknownClass(
            f"The class name {asked!r} stands for several classes: {', '.join(map(str, matches))}.",
            fix="give one of these indices.",
        )
    names = [name for label in labels for name in (label, *(s.strip() for s in label.split(",")))]
    raise UnknownClass(
        f"The model has no class {asked!r}.{near(asked, dict.fromkeys(names))}",
        fix="give one of its class names or an index (`seewhy explain` without --target explains the top class).",
    )


def _checked(scores: object, outputs: Outputs) -> Scores:
    if isinstance(scores, Tensor) and scores.shape == (len(outputs), 1):
        scores = scores[:, 0]
    if not isinstance(scores, Tensor) or scores.shape != (len(outputs),):
        got = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise BadTarget(
            f"The target function answered {got} for outputs of shape {tuple(outputs.shape)}.",
            fix="return a tensor with one number per row, for example lambda outputs: outputs[:, 3].",
        )
    return scores.float()
