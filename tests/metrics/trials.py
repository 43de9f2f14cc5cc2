"""Trials made by hand: a network, an image, a map and whoever made it."""

from __future__ import annotations

import torch

from seewhy.domain.baseline import Colour
from seewhy.domain.target import Target
from seewhy.engine.control import Control
from seewhy.engine.maps import at_pixels
from seewhy.engine.probe import Probe
from seewhy.engine.trial import Trial
from seewhy.metric_registry import find_metric
from seewhy.models.adapt import adapt
from seewhy.run.explainers import Ready, explainer_of

UNKNOWN = Target(0, "class 0")


class Counted:
    """An explainer that counts the maps it is asked for."""

    def __init__(self, explainer):
        self.explainer, self.maps = explainer, 0

    def __call__(self, model, images, targets, *, seed):
        self.maps += len(images)
        return self.explainer(model, images, targets, seed=seed)


def trial_of(thing, image, explainer, *, target=UNKNOWN, options=None, **facts):
    """A trial of what an explainer (a method's name, a function, or a map) finds for one image (c, *space)."""
    model = adapt(thing)
    model.meet(tuple(image.shape))
    if isinstance(explainer, torch.Tensor):
        made, again = Ready("given", explainer[None]), None
    else:
        made = explainer_of(explainer, model, options=options)
        again = Counted(made)
    probe = Probe(model, image[None], [target], Control())
    with model.borrowed():
        _ = probe.clean
        evidence = made.evidence(probe, seed=0)
    map_ = at_pixels(evidence, tuple(image.shape[1:]))[0]
    clean = Probe(model, image[None], [target], Control(), reading=probe.reading)
    return Trial(clean, map_, Colour(0.5), again, evidence, made.promises, **facts)


def judge(name, trial, **options):
    """The scores of one metric."""
    with trial.probe.model.borrowed():
        return find_metric(name).function(trial, **options)


def asked(name, trial, **options):
    """What a metric paid and what it declares: (model calls, maps), twice."""
    metric = find_metric(name)
    before, maps = trial.probe.control.spent, trial.again.maps
    judge(name, trial, **options)
    paid = trial.probe.control.since(before).calls, trial.again.maps - maps
    effort = metric.effort({**metric.defaults, **options})
    return paid, (effort.cost.calls, effort.explanations)
