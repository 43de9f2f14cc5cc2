"""Ask a method about tensors that are a network's input already, and say aloud what the checks find."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from ..domain.evidence import Evidence
from ..domain.prediction import name_of
from ..domain.target import Target, class_index
from ..engine.game import gather
from ..engine.probe import Probe
from ..errors import BadOption, BadTarget, SeewhyWarning
from ..inputs.preprocess import Preprocess
from ..models.adapt import adapt
from ..registry import Entry
from ..run.checks import Subject, checks_of
from ..run.plan import plan

Reading = Callable[[Probe], Evidence]
Asked = int | Callable[[Tensor], Tensor] | None
SAID = ("model", "note", "convergence")  # checks whose warnings are said; what is bad always is


def ask(
    network: nn.Module,
    images: Tensor,
    method: str | Reading,
    asked: Sequence[Asked],
    options: Mapping[str, Any] | None = None,
    *,
    limit: int | None = None,
) -> Evidence:
    """The evidence of a method, or of any reading of the probe, one target per image; `limit` is images per call."""
    model = adapt(network, preprocess=Preprocess.plain())
    model.limit = limit
    probe = Probe(model, images.detach(), [])
    with model.borrowed():
        probe.targets = [_target(one, row) for one, row in zip(asked, probe.clean, strict=True)]
        if not isinstance(method, str):
            evidence = method(probe)
            for note in evidence.notes:
                _warn(note)
            return evidence
        (step,), _ = plan(method, options or {}, model, seed=0)
        alone = () if step.entry.only_looks else zip(range(len(images)), probe.targets, strict=True)
        found = [step.entry.function(one, **step.options) for one in [probe.only(*row) for row in alone] or [probe]]
        evidence = gather(found)
        _say(step.entry, probe, evidence)
    return evidence


def targets_of(given: Any, count: int) -> list[Asked]:
    """One target for all, or one per image; nothing means the predicted class."""
    if given is None or callable(given):
        return [given] * count
    if isinstance(given, int):
        return [int(given)] * count
    rows = given.tolist() if isinstance(given, Tensor) else list(given)
    rows = rows * count if isinstance(given, Tensor) and given.numel() == 1 else rows
    if len(rows) != count:
        raise BadTarget(f"{len(rows)} targets were given for {count} images.", fix="give one for all, or one each.")
    if not all(isinstance(row, int) or callable(row) for row in rows):
        raise BadTarget(
            f"{given!r} is not one class per image.",
            fix="give class numbers; for another score, a function of the outputs: lambda outputs: outputs[:, 0, 3].",
        )
    return rows


def refuse(name: str, value: object, fix: str, *, neutral: object = None) -> None:
    """An option of the other library that has no meaning here is an error, never ignored."""
    if value is not neutral and value != neutral:
        raise BadOption(f"{name}={value!r} has no meaning here.", fix=fix)


def _target(asked: Asked, outputs: Tensor) -> Target:
    """The raw output of a class, also of a network that answers probabilities: that is what the peers explain."""
    if callable(asked):
        return Target(None, getattr(asked, "__name__", "custom score"), function=asked)
    index = class_index(int(outputs.argmax()) if asked is None else asked, None, len(outputs))
    return Target(index, name_of(index, None))


def _say(entry: Entry, probe: Probe, evidence: Evidence) -> None:
    """What a tensor cannot carry: the checks that failed, once each, as warnings."""
    said: dict[str, str] = {}
    for i, (target, row) in enumerate(zip(probe.targets, probe.clean, strict=True)):
        score = float(target(row[None])[0])
        subject = Subject(entry, probe.model, evidence, i, target, score, None, None, "not asked here", len(row))
        for check in checks_of(subject):
            if check.verdict == "bad" or (check.verdict == "warning" and check.name in SAID):
                said.setdefault(check.name, f"{entry.name}, image {i}: {check.message}")
    for words in said.values():
        _warn(words)


def _warn(words: str) -> None:
    """A warning at the line of the person's own code."""
    frame, level = sys._getframe(), 1
    while frame.f_back and frame.f_globals["__name__"].startswith(__package__):
        frame, level = frame.f_back, level + 1
    warnings.warn(words, SeewhyWarning, stacklevel=level)
