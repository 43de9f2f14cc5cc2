"""The verb `explain`: any model, any inputs, any methods."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any, Literal, get_args

import torch

from ..domain.target import Asked, Scale
from ..engine.control import Control, Progress
from ..engine.probe import Precision
from ..errors import BadOption, Cancelled, QuestionError, SeewhyError, SeewhyWarning
from ..explanation import Explanation
from ..inputs.ahead import ahead
from ..inputs.read import Item, Sample, expand
from ..inputs.views import Views
from ..models.adapt import adapt
from ..models.model import Model
from .allowance import Budget, calls_of
from .batch import Backend, Job, explain_batch
from .plan import Methods, plan
from .questions import calls_to_ask
from .results import Explanations, Failure, cancelled
from .rows import Row, groups, read_rows, samples_of
from .targets import per_input
from .views import explain_views

Checks = Literal["quick", "standard", "full"]


def explain(
    model: Any,
    inputs: Any,
    *,
    method: Methods = None,
    target: Any = None,
    scale: Scale | None = None,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    device: str | torch.device | None = None,
    precision: Precision = "float32",
    backend: Backend = "auto",
    seed: int = 0,
    budget: Budget = None,
    checks: Checks = "standard",
    views: Views | str | None = None,
    progress: Progress | None = None,
    control: Control | None = None,
    **options: Any,
) -> Any:
    """Why the model answers what it answers: one `Explanation`, or lists of them for lists of inputs, methods, targets.

    `options` are those of the methods; one that no method has is an error. `budget` is in model calls per explanation,
    or in seconds as text (`"20s"`); `method="auto"` chooses what it pays for, and says why. `views` such as `"2x3"` are
    the clips and crops that the model averages in use: one explanation for all of them.
    """
    adapted = adapt(model, preprocess=preprocess, labels=labels, device=device)
    items, one_input = expand(inputs, adapted.preprocess)
    looks = Views.of(views)
    first = _introduce(adapted, items[0], looks, raising=one_input) if items else ()
    _valid(adapted, precision, checks, backend)
    allowed, priced = calls_of(budget, adapted, first[0] if first else None, looks)
    pixels = first[0].pixels if first else None
    targets, one_target = per_input(target, len(items), one_input)
    control = control or Control(progress=progress)
    with adapted.borrowed():
        steps, one_method = plan(method, options, adapted, seed=seed, budget=allowed, image=pixels)
        job = Job(adapted, steps, control, scale, precision, allowed, checks, seed, backend, priced, views=looks)
        found = _all(job, items, targets, first, raising=one_input)
    results = [_shaped(result, one_method, one_target) for result in found]
    return results[0] if one_input else _reported(Explanations(results, cost=control.spent))


def _introduce(model: Model, item: Item, views: Views, *, raising: bool) -> tuple[Sample, ...]:
    """The first input, its shape made known to the model: what a network offers can depend on it."""
    try:
        samples = samples_of(model, item, views)
    except SeewhyError:
        if raising:
            raise
        return ()  # of several inputs, each is reported where it is explained
    with suppress(SeewhyError):
        model.meet(tuple(samples[0].pixels.shape))
        return samples
    return ()


def _all(
    job: Job, items: Sequence[Item], targets: Sequence[Sequence[Asked]], first: tuple[Sample, ...], *, raising: bool
) -> list[Any]:
    """For each input its explanations, target by target and method by method, or the failure that it met."""
    failures: dict[int, Failure] = {}
    found: dict[int, list[list[Explanation | Failure]]] = {}
    job = replace(job, rows=job.views.count * sum(map(len, targets)))
    some = groups(job, read_rows(job, items, targets, first, failures, raising=raising))
    with closing(ahead(some) if len(items) > 1 else some) as coming:
        try:
            for number, group in enumerate(coming):
                if number == 0:
                    job.control.expected = _expected(job, group[0].samples[0], targets)
                _collect(job, group, found, failures, raising=raising)
        except (Cancelled, KeyboardInterrupt):
            if not found:
                raise
            job.control.cancel()
    _raise_what_all_share(failures, len(items))
    return [failures.get(i) or found.get(i) or cancelled(item.name) for i, item in enumerate(items)]


def _raise_what_all_share(failures: dict[int, Failure], count: int) -> None:
    """A question that fails alike for every input is a mistake in the question, not in the inputs."""
    errors = [failure.error for failure in failures.values()]
    if len(errors) == count > 0 and all(isinstance(e, QuestionError) and str(e) == str(errors[0]) for e in errors):
        raise errors[0]


def _collect(
    job: Job,
    group: list[Row],
    found: dict[int, list[list[Explanation | Failure]]],
    failures: dict[int, Failure],
    *,
    raising: bool,
) -> None:
    """Explain rows together; when that fails, one by one, so that a bad input fails alone."""
    try:
        if job.views.count > 1:
            results = [explain_views(job, row.samples, row.asked) for row in group]
        else:
            results = explain_batch(job, [row.samples[0] for row in group], [row.asked for row in group])
    except Cancelled:
        raise
    except SeewhyError as error:
        if raising:
            raise
        if len(group) == 1:
            failures[group[0].item] = Failure(group[0].samples[0].picture.name, error)
            return
        for row in group:
            _collect(job, [row], found, failures, raising=False)
        return
    for row, result in zip(group, results, strict=True):
        found.setdefault(row.item, []).append(result)


def _expected(job: Job, sample: Sample, targets: Sequence[Sequence[Asked]]) -> int:
    """Model calls to come, for progress: what the methods declare, region counts taken from the first input."""
    if job.control.progress is None:
        return 0
    try:
        job.model.meet(tuple(sample.pixels.shape))
        each = sum(step.on(sample.geometry).cost(sample.pixels, job.model).calls for step in job.steps)
    except SeewhyError:
        return 0
    asking = sum(calls_to_ask(job.model, asked, job.views) for several in targets for asked in several)
    return each * job.rows + asking


def _shaped(result: Any, one_method: bool, one_target: bool) -> Any:
    """[target][method] as the caller asked for it: es[method][target], without the levels that were not lists."""
    if isinstance(result, Failure):
        return result
    by_method = [list(column) for column in zip(*result, strict=True)]
    levels: list[Any] = [column[0] if one_target else Explanations(column) for column in by_method]
    return levels[0] if one_method else Explanations(levels)


def _reported(results: Explanations) -> Explanations:
    failed = [result for result in results if isinstance(result, Failure)]
    if failed:
        warnings.warn(
            f"{len(failed)} of {len(results)} inputs failed; first: {failed[0].error}", SeewhyWarning, stacklevel=3
        )
    return results


def _valid(model: Model, precision: str, checks: str, backend: str) -> None:
    if backend not in get_args(Backend):
        raise BadOption(f"backend={backend!r} is not possible.", fix=f"give {' or '.join(get_args(Backend))}.")
    valid_precision(model, precision)
    if checks not in ("quick", "standard", "full"):
        raise BadOption(f"checks={checks!r} is not possible.", fix="give quick, standard or full.")


def valid_precision(model: Model, precision: str) -> None:
    """Refuse a precision that is none, or that does not reach the model."""
    if precision not in ("float32", "bfloat16"):
        raise BadOption(f"precision={precision!r} is not possible.", fix="give float32 or bfloat16.")
    if precision != "float32" and model.elsewhere:
        problem = f"{model.name} computes outside of torch, in its own precision: {precision} would change nothing."
        raise BadOption(problem, fix="leave precision out, or export the model in that precision.")
