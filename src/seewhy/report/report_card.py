"""The verb `report_card`: how far explanations can be trusted, measured on a set of images beside controls."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args

import torch

from ..engine.control import Control, Progress
from ..engine.probe import Precision
from ..errors import BadOption, MissingInput, SeewhyError, UnknownOption
from ..inputs.expand import Item, expand
from ..inputs.read import Sample
from ..learners.masked_evaluator import FEWEST, MOST, MaskedEvaluator, fit
from ..metric_registry import CARDS, Card, Metric, find_metric, metrics_of
from ..models.adapt import adapt
from ..models.model import Model
from ..run.batch import Backend, Job
from ..run.explain import valid_precision
from ..run.explainers import Explainer, explainers_of
from ..run.judging import Court, Judge
from ..run.plan import default_method, typed
from ..run.samples import met, sample_for
from ..run.targets import per_input
from ..run.truth import per_image
from .card import ReportCard
from .sitting import Sitting

CONTROLS = ("random", "blurred-random", "centre-prior", "edges")
IN_TIME = ("motion-energy", "first-frames")  # controls of clips
BOUND = "greedy-search"


def report_card(
    model: Any,
    images: Any,
    methods: Any = None,
    *,
    masks: Any = None,
    gaze: Any = None,
    target: Any = None,
    level: Card = "standard",
    metrics: Any = None,
    controls: bool = True,
    bound: bool | None = None,
    tune: Any = False,
    clusters: Sequence[Any] | None = None,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    device: str | torch.device | None = None,
    backend: Backend = "auto",
    precision: Precision = "float32",
    seed: int = 0,
    progress: Progress | None = None,
    control: Control | None = None,
    announce: Callable[[str], None] | None = None,
    **options: Any,
) -> ReportCard:
    """Judge methods, functions `f(network, images, targets) -> maps`, or explanations on a set of images.

    `masks`, `gaze`: one per image, on the photo's pixels or the model's; `clusters`: a name per image of what belongs
    together (a patient, a video); `metrics`: names, or names with options, instead of those of the level; `bound`: a
    search as a yardstick from above, which the full level has anyway; `tune`: teach a copy of the network to see images
    with holes, on these images or on those given, and judge by it too; `announce`: is told the cost before it starts.
    """
    adapted = adapt(model, preprocess=preprocess, labels=labels, device=device)
    items, _ = expand(images)
    if not items:
        raise MissingInput("There is no image to judge on.", fix="give at least one image; intervals need six.")
    valid_precision(adapted, precision)
    told = told_of(items, masks, gaze, target, clusters)
    reins = control or Control(progress=progress)
    started = time.perf_counter()
    with adapted.borrowed():
        first, items = met(adapted, items)
        asked = default_method(adapted) if methods is None else methods
        explainers = explainers_of(asked, adapted, seed=seed, options=options)
        if not explainers:
            raise BadOption("There is no method to judge.", fix="name one, or leave methods out for one that suits.")
        for one in explainers:
            one.meant_for(len(items))
        bounded = bound or (bound is None and level == "full")
        beside = [*(controls_of(first) if controls else ()), *((BOUND,) if bounded else ())]
        explainers += missing(beside, explainers, adapted, seed)
        job = Job(adapted, [], reins, None, precision, None, "quick", seed, backend)
        known = {"truth": masks, "gaze": gaze}
        court = Court(job, explainers, judges_of(level, metrics, known, clips=_is_clip(first)), len(items))
        taught = None if tune is False else _tuned(court, items if tune is True else expand(tune)[0])
        court = replace(court, tuned=None if taught is None else taught.model)
        sitting = Sitting(court, announce)
        for index, item in enumerate(items):
            if not sitting.enter(index, item, told(index)):
                break
    return sitting.card(level, clusters, taught, time.perf_counter() - started)


def _tuned(court: Court, items: Sequence[Item]) -> MaskedEvaluator:
    """The copy that has learned to see images with holes."""
    model, images = court.job.model, []
    for item in items[:MOST]:
        with suppress(SeewhyError):  # an image that cannot be read is reported where it is judged
            images.append(sample_for(model, item).pixels)
    same = [image for image in images if image.shape == images[0].shape]
    if len(same) < FEWEST:
        problem = f"{len(same)} images of one size teach nothing about holes."
        raise BadOption(problem, fix=f"give tune=IMAGES, at least {FEWEST}, better 100 or more.")
    return fit(model, torch.stack(same), fill=court.fill, seed=court.job.seed, control=court.job.control)


def told_of(items: Sequence[Item], masks: Any, gaze: Any, target: Any, clusters: Sequence[Any] | None) -> Any:
    """What is known about an image, by its index; lists that do not fit are refused before anything runs."""
    targets, single = per_input(target, len(items), False)
    if not single:
        raise BadOption("Several targets per image cannot be judged at once.", fix="give one target per image.")
    if clusters is not None and len(clusters) != len(items):
        raise BadOption(f"{len(clusters)} clusters were named for {len(items)} images.", fix="name one per image.")
    truths, gazes = per_image(masks, len(items), "masks"), per_image(gaze, len(items), "gaze")
    return lambda i: (targets[i][0], truths[i], gazes[i])


def _is_clip(first: Sample | None) -> bool:
    return first is not None and first.pixels.ndim == 4


def controls_of(first: Sample | None) -> tuple[str, ...]:
    """Who knows nothing of the model; of clips there are two more."""
    return (*CONTROLS, *IN_TIME) if _is_clip(first) else CONTROLS


def missing(names: Sequence[str], explainers: Sequence[Explainer], model: Model, seed: int) -> list[Explainer]:
    """Controls and bounds that nobody named."""
    known = {one.name for one in explainers}
    return explainers_of([name for name in names if name not in known], model, seed=seed)


def judges_of(level: Card, metrics: Any, known: Mapping[str, Any], *, clips: bool = False) -> list[Judge]:
    """The metrics of a level, with those that read what is known and cost no call, or those that were named."""
    if level not in get_args(Card):
        raise BadOption(f"level={level!r} is not possible.", fix=f"give one of: {', '.join(CARDS)}.")
    if metrics is None:
        standard = metrics_of("standard", clips=clips)
        reading = [metric for metric in standard if any(known.get(a) is not None for a in metric.asks)]
        chosen = {metric.name: metric for metric in [*metrics_of(level, clips=clips), *reading]}
        return [_judge(metric, metric.brief if level == "quick" else {}) for metric in chosen.values()]
    named = {metrics: {}} if isinstance(metrics, str) else metrics
    named = named if isinstance(named, Mapping) else {name: {} for name in named}
    return [_judge(find_metric(name), given) for name, given in named.items()]


def _judge(metric: Metric, given: Mapping[str, Any]) -> Judge:
    for name in given:
        if name not in metric.options:
            known = ", ".join(metric.options) or "none"
            raise UnknownOption(f"{metric.name} has no option {name!r}.", fix=f"use its options: {known}.")
    return Judge(metric, {**metric.defaults, **typed(metric.function, given)})
