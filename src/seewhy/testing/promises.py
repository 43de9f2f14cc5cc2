"""Declared axioms, budgets and cancelling: promises about what a map means and what it may cost."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..domain.baseline import Baseline
from ..domain.regions import Grid
from ..engine.control import Control
from ..errors import BudgetTooSmall, Cancelled
from ..explanation import Explanation
from ..models.adapt import adapt
from ..provable.claims import CLAIMS
from ..registry import Entry
from .asking import Case, ask, assert_close, score_beside, step_of
from .wrappers import Blind, Failing


def check_complete(entry: Entry, case: Case) -> None:
    """The values sum to the score less that of the empty input, both asked for anew."""
    model, image, options = case.model(), case.images(1), {"steps": 128}
    baseline = step_of(entry, case.axes, options).options["baseline"]
    assert isinstance(baseline, Baseline)
    with model.borrowed(), torch.no_grad():
        differences = model(image)[0] - model(baseline.fill(image[0])).mean(dim=0)
    target = int(differences.abs().argmax())
    (found,) = ask(entry, model, image, options, target=target)
    values, difference = found.values if found.parts is None else found.parts.values, float(differences[target])
    assert abs(difference) > 0.03, "this network hardly reacts: it proves nothing"
    assert abs(values.sum() - difference) <= 0.01 * abs(difference), "the map is not complete"


def check_dummy(entry: Entry, case: Case) -> None:
    """What the network cannot see gets nothing, up to the error that the method itself states."""
    (found,) = ask(entry, Blind(case.build()), case.images(1))
    values, band, hidden = _where_hidden(found, case.shape[1:])
    size = max(np.abs(values).max(), abs(score_beside(entry, found)))
    allowed = 1e-5 * size + (band if entry.samples else 0.0)
    assert hidden.any()
    assert (np.abs(values) > 1e-4 * size).any()
    assert (np.abs(values[hidden]) <= np.broadcast_to(allowed, values.shape)[hidden]).all(), "unseen pixels get values"


def check_linear(entry: Entry, case: Case) -> None:
    """The map of 2f + g is twice the map of f plus the map of g."""
    targets = (lambda outputs: 2 * outputs[:, 0] + outputs[:, 1], 0, 1)
    both, f, g = (ask(entry, case.build(), case.images(1), target=t, scale="logit")[0] for t in targets)
    scale = sum(abs(found.target.score) for found in (both, f, g))
    assert_close(both.values, 2 * f.values + g.values, 1e-5, beside=scale, what="2f + g and its terms")


def check_class_specific(entry: Entry, case: Case) -> None:
    """Maps of two classes differ in more than size."""
    one, other = (ask(entry, case.build(), case.images(1), target=t)[0].values.ravel() for t in (0, 1))
    assert np.corrcoef(one, other)[0, 1] < 0.99, f"{entry.name} gives the same map for two classes"


AXIOMS = {
    "complete": check_complete,
    "dummy": check_dummy,
    "linear": check_linear,
    "class-specific": check_class_specific,
}


def check_axioms(entry: Entry, case: Case) -> None:
    """Each axiom that the method declares; one that neither a contract nor the conformance suite tests is refused."""
    assert entry.axioms <= AXIOMS.keys() | CLAIMS.keys(), f"{entry.name} declares axioms that nobody can test"
    for axiom in entry.axioms & AXIOMS.keys():
        AXIOMS[axiom](entry, case)


def check_budget(entry: Entry, case: Case) -> None:
    """Never more calls than the budget: what samples stops there and says so, the rest refuses beforehand."""
    image, stops = case.images(1), set()
    model = case.model()
    full = step_of(entry, case.axes).cost(image[0], model).calls
    for budget in {1, full - 1, full, *range(2, full, max(1, full // 12))} - {0}:
        try:
            (found,) = ask(entry, model, image, budget=budget)
        except BudgetTooSmall:
            stops.add("refused")
            assert budget < full
            continue
        assert found.cost.calls <= budget, f"{entry.name} spent {found.cost.calls} of {budget} calls"
        stops.add("done" if found.sampling is None else found.sampling.stop)
    assert not entry.samples or "budget" in stops


def check_cancelling(entry: Entry, case: Case) -> None:
    """What samples keeps what it has when a person cancels or presses Ctrl-C."""
    if not entry.samples:
        return
    options: dict[str, Any] = {"samples": 2048}
    if 2 in entry.spaces:
        options["regions"] = Grid(6 if case.axes == 2 else 3)
    image = case.images(1)
    for model, control in (_by_wish(case), _by_keyboard(case)):
        model.limit = 8  # many small calls, so that it happens in the middle
        (found,) = ask(entry, model, image, options, control=control)
        assert found.sampling is not None
        if found.sampling.stop == "exact":  # few parts: all was asked before anyone could cancel
            continue
        assert found.sampling.stop == "cancelled"
        assert 0 < found.sampling.drawn < 1024
        assert np.isfinite(found.values).all()


def check_cancelled_before(entry: Entry, case: Case) -> None:
    """A run that was cancelled before anything could be said is an error by name."""
    control = Control()
    control.cancel()
    try:
        ask(entry, case.build(), case.images(1), control=control)
    except Cancelled:
        return
    raise AssertionError(f"{entry.name} goes on after it was cancelled")


def _by_wish(case: Case) -> tuple[Any, Control]:
    control = Control()
    control.progress = lambda done, _: control.cancel() if done >= 400 else None
    return case.model(), control


def _by_keyboard(case: Case) -> tuple[Any, Control]:
    calls, inner = itertools.count(), case.build()

    def function(images: Tensor) -> Tensor:
        if next(calls) == 60:
            raise KeyboardInterrupt
        return inner(images)  # type: ignore[no-any-return]

    failing = Failing(inner, 60, KeyboardInterrupt) if isinstance(inner, torch.nn.Module) else function
    return adapt(failing), Control()


def _where_hidden(found: Explanation, space: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Values and bands, and which of them belong to what `Blind` hides entirely."""
    unseen = np.zeros(space, dtype=bool)
    unseen[..., -(space[-1] // 2) :] = True
    band = 0.0 if found.band is None else found.band
    if found.parts is None or found.parts.labels is None:
        assert found.values.shape == space
        return found.values, band, unseen
    labels, count = found.parts.labels, len(found.parts.values)
    hidden = np.array([unseen[labels == part].all() for part in range(count)])
    return found.parts.values, 0.0 if found.parts.band is None else found.parts.band, hidden
