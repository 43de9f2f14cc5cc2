"""The evidence about the evidence: numbers with verdicts that travel with every explanation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..domain.capability import Capability
from ..domain.check import Check, Verdict
from ..domain.evidence import Evidence, LayerChoice
from ..domain.target import Target
from ..models.model import Model
from ..registry import Entry

ALIKE = 0.95  # correlation above which two maps count as the same
SATURATED = 0.999  # probability above which the softmax hardly moves any more


@dataclass(frozen=True)
class Subject:
    """One explanation in the making."""

    entry: Entry
    model: Model
    evidence: Evidence
    index: int  # of the image in the batch
    target: Target
    score: float  # of the whole image
    rival: Target | None
    rival_map: Tensor | None  # the map of the strongest other class, where it was made
    why_no_rival: str
    classes: int

    @property
    def map(self) -> Tensor:
        return self.evidence.values[self.index].float()


def checks_of(subject: Subject) -> tuple[Check, ...]:
    """All checks that apply, in the order in which a person should read them."""
    parts = (
        _shape_of_map,
        _completeness,
        _empty_input,
        _convergence,
        _discrimination,
        _score,
        _operators,
        _layer,
        _chosen,
        _assumed,
    )
    return tuple(check for part in parts for check in part(subject))


def _shape_of_map(subject: Subject) -> Iterator[Check]:
    yield shape_of_map(subject.map, parts=subject.evidence.parts is not None)


def shape_of_map(values: Tensor, *, parts: bool) -> Check:
    """Whether a map says anything: not where it is zero or constant; one of parts is never saturated."""
    span, peak = float(values.max() - values.min()), float(values.abs().max())
    if peak == 0:
        why = "the score does not depend on what this method looks at, or everything speaks against the target"
        return Check("map", "bad", f"The map is zero everywhere: {why}.", 0.0)
    if span <= 1e-6 * peak and values.numel() > 1:
        return Check("map", "bad", "The map is the same everywhere: it says nothing about places.", span)
    top = float((values.abs() >= peak * (1 - 1e-6)).float().mean())
    if top > 0.05 and values.numel() >= 100 and not parts:
        return Check("map", "warning", f"The map is saturated: {top:.0%} of it has the largest value.", top)
    return Check("map", "good", f"The map varies: values from {_n(values.min())} to {_n(values.max())}.", span)


def _completeness(subject: Subject) -> Iterator[Check]:
    evidence, i = subject.evidence, subject.index
    if evidence.total is None or evidence.explained is None:
        return
    total, wanted = float(evidence.total[i]), float(evidence.explained[i])
    residual = abs(total - wanted) / max(abs(wanted), 1e-6 * abs(subject.score), 1e-12)
    verdict: Verdict = "good" if residual <= 0.05 else "warning" if residual <= 0.2 else "bad"
    more = verdict != "good" and "steps" in subject.entry.options
    name, advice = "completeness", " More steps may help." if more else ""
    if subject.entry.family == "shapley":
        name, advice = "efficiency", " The sum is right by construction"
        exact = evidence.sampling is None or evidence.sampling[i].stop == "exact"
        advice += ", and so are the shares." if exact else "; the check of convergence tells how sure the shares are."
    against = "differs by {} from the empty input" if evidence.empty is not None else "is {}"
    words = f"The values sum to {_n(total)}, the score {against.format(_n(wanted))}: {residual:.1%} off."
    yield Check(name, verdict, words + advice, residual)


def _empty_input(subject: Subject) -> Iterator[Check]:
    if subject.evidence.empty is None:
        return
    empty = float(subject.evidence.empty[subject.index])
    scale, score = subject.target.scale, subject.score
    words = f"With everything absent the {scale} is {_n(empty)}; on the whole image it is {_n(score)}."
    if subject.model.task == "regression":
        yield Check("empty-input", "info", words + " A value may lie anywhere, so neither is judged.", empty)
    elif scale == "probability" and empty >= 0.5:
        yield Check("empty-input", "warning", words + " The baseline itself looks like the target.", empty)
    elif empty >= score:
        yield Check(
            "empty-input", "warning", words + " Taking everything away does not lower it: try another baseline.", empty
        )
    else:
        yield Check("empty-input", "good", words, empty)


def _convergence(subject: Subject) -> Iterator[Check]:
    sampling = None if subject.evidence.sampling is None else subject.evidence.sampling[subject.index]
    if sampling is None:
        return
    if sampling.stop == "exact":
        yield Check("convergence", "good", f"Exact: all {sampling.drawn} {sampling.unit} were asked.", 0.0)
        return
    ends = {
        "samples": "all samples were drawn",
        "budget": "the budget was spent",
        "cancelled": "it was cancelled",
        "converged": "precise enough",
    }
    if sampling.halfwidth is None:
        words = f"{sampling.drawn} {sampling.unit}, {ends[sampling.stop]}: no error bar tells how far off the map is."
        yield Check("convergence", "warning", words)
        return
    every = ", which holds at every look," if sampling.anytime else ""
    words = (
        f"{sampling.drawn} {sampling.unit}, {ends[sampling.stop]}: the 95% band{every} is ±{sampling.halfwidth:.1%}"
        f" of the map's range (asked: {sampling.tolerance:.0%})."
    )
    yield Check("convergence", "good" if sampling.converged else "warning", words, sampling.halfwidth)


def _discrimination(subject: Subject) -> Iterator[Check]:
    name = "class-discrimination"
    if subject.entry.family == "control":
        return
    if subject.entry.class_blind:
        yield Check(
            name, "warning", "This method gives the same map for every class: it explains no decision for one.", 1.0
        )
        return
    if subject.rival is None or subject.rival_map is None:
        yield Check(name, "not run", f"Not compared with another class: {subject.why_no_rival}.")
        return
    alike, other = correlation(subject.map, subject.rival_map), subject.rival.label
    measured = f"correlation {alike:.3f}; {ALIKE} and above counts as the same"
    if alike >= ALIKE:
        words = f"The map for {other!r} is nearly the same ({measured}): it does not tell the classes apart."
        yield Check(name, "warning", words, alike)
    else:
        yield Check(name, "good", f"The map for {other!r} differs ({measured}).", alike)


def _score(subject: Subject) -> Iterator[Check]:
    if subject.target.scale == "probability" and subject.score >= SATURATED and subject.entry.family == "gradient":
        words = f"The probability is {subject.score:.4f}: its gradient is nearly zero. Use scale='logit'."
        yield Check("saturation", "warning", words, subject.score)


def _operators(subject: Subject) -> Iterator[Check]:
    if not {Capability.GRADIENTS} <= set(subject.entry.needs):
        return
    if float(subject.map.abs().max()) == 0 and not subject.entry.axioms & {"class-specific"}:
        words = "No gradient reaches the input: some operator of the network (rounding, argmax, detach) stops it."
        yield Check("operators", "bad", words, 0.0)
    else:
        yield Check("operators", "good", "Gradients reach what this method reads.")


def _layer(subject: Subject) -> Iterator[Check]:
    choice = subject.evidence.layer
    if choice is not None:
        shape = " x ".join(map(str, choice.shape))
        yield Check("layer", "info", f"Read at {choice.name!r} ({shape}): {choice.why}.{_footprint(choice)}")


def _footprint(choice: LayerChoice) -> str:
    """How far one cell of a clip's map looks in time."""
    if not choice.reach:
        return ""
    frames = f"{choice.step:g} frame{'s' * (choice.step != 1)}"
    return f" In time one cell stands for {frames} and was computed from about {choice.reach}."


def _chosen(subject: Subject) -> Iterator[Check]:
    if subject.evidence.chosen:
        yield Check("choice", "info", subject.evidence.chosen[subject.index])


def _assumed(subject: Subject) -> Iterator[Check]:
    for note in subject.evidence.notes_of(subject.index):
        yield Check("note", "warning", note)
    for note in (*subject.model.notes, *subject.model.doubts):
        yield Check("model", "warning", note)
    if subject.classes == 1 and subject.target.kind == "probabilities" and subject.target.scale != "logit":
        words = "The model's only output lies between 0 and 1 here, so it was taken for a probability, not a logit."
        yield Check("scale", "warning", words)
    labels = subject.model.labels
    if labels is not None and len(labels) != subject.classes:
        words = f"The model has {subject.classes} outputs but {len(labels)} class names: names may be shifted."
        yield Check("labels", "warning", words, float(len(labels)))


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's correlation of two maps; 1 for two flat ones, 0 when only one is flat."""
    a, b = (values.flatten().double() - values.double().mean() for values in (a, b))
    scale = float(a.norm() * b.norm())
    if scale == 0:
        return 1.0 if torch.equal(a, b) else 0.0
    return float(a @ b) / scale


def _n(value: object) -> str:
    return f"{float(value):.4g}"  # type: ignore[arg-type]
