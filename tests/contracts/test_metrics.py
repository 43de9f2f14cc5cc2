"""What every registered metric keeps to; no metric is named here."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

import seewhy
from seewhy.domain.baseline import Colour
from seewhy.domain.cost import Cost
from seewhy.domain.score import Score, Unjudged
from seewhy.domain.target import Target
from seewhy.engine.control import Control
from seewhy.engine.maps import at_pixels
from seewhy.engine.probe import Probe
from seewhy.engine.trial import Trial
from seewhy.errors import BadOption
from seewhy.metric_registry import CARDS, Metric, all_metrics, metrics_of
from seewhy.models.adapt import adapt
from seewhy.run.explainers import Explainer, explainer_of
from seewhy.testing.as_found import left_as_found
from seewhy.testing.tiny_models import pictures, plain_function, tiny_cnn, tiny_vit

METRICS = list(all_metrics().values())
SPACES = {"image": (24, 24), "clip": (4, 16, 16)}


def network(kind: str):
    return {"image": lambda: tiny_cnn(), "clip": lambda: tiny_cnn(3), "vit": lambda: tiny_vit()}[kind]()


def asked(method: str, kind: str = "image", *, seed: int = 0) -> tuple[Explainer, Trial]:
    """A trial of a method's map of a picture, with everything that a metric can ask for."""
    space = SPACES.get(kind, (24, 24))
    model = adapt(plain_function if kind == "function" else network(kind), preprocess=seewhy.Preprocess.plain())
    probe = Probe(model, pictures(1, 3, *space), [Target(1, "one")], Control())
    truth, gaze = torch.zeros(space, dtype=torch.bool), torch.rand(space, generator=torch.Generator().manual_seed(3))
    truth[..., 4:12, 4:12] = True
    if kind == "clip":
        truth[0] = False  # nothing is marked in the first frame
    with model.borrowed():
        assert probe.clean is not None
        explainer = explainer_of(method, model, options={"samples": 16} if method == "rise" else {})
        evidence = explainer.evidence(probe, seed=seed)
    trial = Trial(
        probe,
        at_pixels(evidence, space)[0],
        Colour(0.4),
        again=functools.partial(explainer, control=Control()),
        evidence=evidence,
        promises=explainer.promises,
        truth=truth,
        gaze=gaze,
        tuned=Probe(model, probe.images, probe.targets, probe.control),
        cost=Cost(1, 1),
        seconds=0.1,
        seed=seed,
    )
    return explainer, trial


def judged(metric: Metric, trial: Trial, **options: object) -> Mapping[str, Score]:
    with trial.probe.model.borrowed():
        return metric.function(trial, **options)


def same(one: Mapping[str, Score], other: Mapping[str, Score], *, tolerance: float = 1e-6) -> None:
    assert one.keys() == other.keys()
    for line in one:
        a, b = one[line].value, other[line].value
        assert (math.isnan(a) and math.isnan(b)) or abs(a - b) <= tolerance * max(1, abs(a)), line


def possible(metric: Metric, kind: str = "image") -> Trial:
    """A trial that this metric can judge."""
    kind = "clip" if "clip" in metric.asks else kind
    method = "rise" if "samples" in metric.asks else "integrated-gradients" if "promise" in metric.asks else "saliency"
    return asked(method, kind)[1]


def flat(trial: Trial, values: Tensor) -> Trial:
    return replace(trial, map=values)


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
class TestEveryMetric:
    def test_reports_the_lines_it_declares_with_finite_numbers(self, metric: Metric) -> None:
        scores = judged(metric, possible(metric))
        assert list(scores) == [line.name for line in metric.lines]
        assert any(score.known for score in scores.values())
        assert all(math.isfinite(score.value) == score.known for score in scores.values())

    def test_asks_no_more_than_it_says(self, metric: Metric) -> None:
        trial = possible(metric)
        before = trial.probe.control.spent
        judged(metric, trial)
        spent, effort = trial.probe.control.since(before), metric.effort(metric.defaults)
        assert spent.calls <= effort.cost.calls
        assert spent.calls == effort.cost.calls or metric.at_most, f"asked {spent}, says {effort.cost}"

    def test_gives_the_same_again(self, metric: Metric) -> None:
        same(judged(metric, possible(metric)), judged(metric, possible(metric)))

    def test_leaves_the_model_as_found(self, metric: Metric) -> None:
        trial = possible(metric)
        with left_as_found(trial.probe.model.module):
            judged(metric, trial)

    def test_works_on_clips(self, metric: Metric) -> None:
        scores = judged(metric, possible(metric, "clip"))
        assert any(score.known for score in scores.values())

    def test_makes_no_score_of_a_broken_map(self, metric: Metric) -> None:
        trial = possible(metric)
        if not metric.reads_map:
            pytest.skip("does not read the map")
        for value in (math.nan, math.inf):
            broken = trial.map.clone()
            broken[0, 0] = value
            with pytest.raises(Unjudged):
                judged(metric, flat(trial, broken))

    def test_says_so_where_what_it_needs_is_not_there(self, metric: Metric) -> None:
        nothing = dict.fromkeys(("again", "evidence", "truth", "gaze", "tuned"))
        bare = replace(asked("saliency")[1], promises=frozenset(), **nothing)
        if metric.asks:
            with pytest.raises(Unjudged):
                judged(metric, bare)
        else:
            assert any(score.known for score in judged(metric, bare).values())

    def test_reads_only_the_order_where_it_says_so(self, metric: Metric) -> None:
        if metric.blind_scale:
            trial = possible(metric)
            same(judged(metric, trial), judged(metric, flat(trial, trial.map.double() * 3 + 1)))

    def test_refuses_options_that_make_no_sense(self, metric: Metric) -> None:
        for name, default in metric.defaults.items():
            senseless = [0, -1] if type(default) is int else [-1.0, math.nan] if isinstance(default, float) else []
            for value in senseless:
                with pytest.raises(BadOption, match=r"is not possible|is no share"):
                    judged(metric, possible(metric), **{name: value})

    def test_says_what_it_is(self, metric: Metric) -> None:
        assert metric.summary.endswith(".")
        assert metric.paper
        assert all(line.shows.endswith(".") for line in metric.lines)
        assert len({line.name for line in metric.lines}) == len(metric.lines)


def test_every_line_has_a_name_of_its_own() -> None:
    names = [line.name for metric in METRICS for line in metric.lines]
    assert len(set(names)) == len(names)


def test_a_larger_card_holds_the_smaller_ones() -> None:
    names = [{metric.name for metric in metrics_of(card)} for card in CARDS]
    assert all(small <= large for small, large in itertools.pairwise(names))


def test_metrics_that_ask_the_model_alone_work_on_plain_functions_too() -> None:
    _, trial = asked("occlusion", "function")
    for metric in METRICS:
        if not metric.asks:
            scores = judged(metric, flat(trial, torch.rand(24, 24, generator=torch.Generator().manual_seed(0))))
            assert any(score.known for score in scores.values()), metric.name
