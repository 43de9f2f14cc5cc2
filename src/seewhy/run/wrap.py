"""From evidence on the device to the explanation that a person holds."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import __version__
from ..domain.check import Check
from ..domain.cost import Cost
from ..domain.evidence import PartScores
from ..domain.marked import Marked
from ..domain.prediction import Prediction, name_of
from ..explanation import Asked, Explanation, Origin, Parts
from ..inputs.read import Sample
from .checks import Subject
from .plan import Step

VERSIONS = {
    "seewhy": __version__,
    "torch": torch.__version__,
    "numpy": np.__version__,
    "python": platform.python_version(),
}


MEASURED = ("embedding", "detection")  # tasks whose score is measured in the model's unit


@dataclass(frozen=True)
class Wrapping:
    """All that goes into one explanation."""

    subject: Subject
    step: Step
    sample: Sample
    prediction: Prediction
    checks: tuple[Check, ...]
    fingerprint: str  # of the model
    marked: Marked | None = None  # where on the photo was asked


@dataclass(frozen=True)
class Spent:
    """Model calls for the explanation and for its checks, and seconds."""

    cost: Cost
    check_cost: Cost
    seconds: float


def wrap(given: Wrapping, spent: Spent, ran: Mapping[str, int], *, seed: int, precision: str) -> Explanation:
    """The explanation of one row."""
    subject, evidence, i = given.subject, given.subject.evidence, given.subject.index
    return Explanation(
        values=_array(evidence.values[i]),
        signed=_signed(given),
        prediction=given.prediction,
        target=_asked(subject),
        checks=given.checks,
        origin=_origin(given, ran, seed, precision),
        cost=spent.cost,
        geometry=given.sample.geometry,
        picture=given.sample.picture,
        stderr=_maybe(evidence.stderr, i),
        band=_maybe(evidence.band, i),
        parts=None if evidence.parts is None else _parts(evidence.parts[i]),
        layer=evidence.layer,
        sampling=None if evidence.sampling is None else evidence.sampling[i],
        seconds=spent.seconds,
        check_cost=spent.check_cost,
        class_blind=subject.entry.class_blind,
        zero=0.0 if evidence.zero is None else float(evidence.zero[i]),
        marked=given.marked,
        footage=given.sample.footage,
    )


def _signed(given: Wrapping) -> bool:
    """Whether something can speak against: not where negative values are clipped by an option."""
    if given.subject.evidence.zero is not None:
        return True
    if given.subject.entry.class_blind:
        return False
    return given.subject.entry.signed and given.step.options.get("sign") != "positive"


def _asked(subject: Subject) -> Asked:
    target, labels = subject.target, subject.model.labels
    against = None if target.against is None else name_of(target.against, labels, target.kind)
    scale = subject.model.unit if subject.model.task in MEASURED else target.scale
    return Asked(target.index, target.label, scale, subject.score, target.against, against)


def _origin(given: Wrapping, ran: Mapping[str, int], seed: int, precision: str) -> Origin:
    model, entry, picture, footage = (
        given.subject.model,
        given.subject.entry,
        given.sample.picture,
        given.sample.footage,
    )
    preprocess = model.preprocess
    return Origin(
        method=entry.name,
        options=given.step.encoded,
        seed=seed,
        model=model.name,
        model_fingerprint=given.fingerprint,
        image=picture.name,
        image_digest=picture.digest if footage is None else footage.digest,
        versions=VERSIONS,
        device=str(model.device),
        dtype=str(model.dtype).removeprefix("torch."),
        precision=precision,
        preprocess={} if preprocess is None else preprocess.to_json(),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        family=entry.family,
        paper=entry.paper,
        ran=ran,
    )


def _parts(scores: PartScores) -> Parts:
    labels = scores.regions.labels
    return Parts(
        _array(scores.values),
        _given(scores.stderr),
        _given(scores.band),
        None if labels is None else labels.cpu().numpy().astype(np.int32),
        scores.regions.kind,
        _given(scores.pairs),
        _given(scores.pairs_band),
    )


def _maybe(values: Tensor | None, i: int) -> NDArray[np.float32] | None:
    return None if values is None else _array(values[i])


def _given(values: Tensor | None) -> NDArray[np.float32] | None:
    return None if values is None else _array(values)


def _array(values: Tensor) -> NDArray[np.float32]:
    return values.detach().float().cpu().numpy().copy()
