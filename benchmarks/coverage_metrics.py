"""How often the intervals of metrics, and of a report over images, hold the truth: nominal 95 %.

`draws`: every metric that draws samples, with the seeds 0, 1, ..., against one run of fifty times the samples; three
scenes of 32 px, a network that has learned a watermark, its saliency. `images`: a report over 20, 50 and 200 scenes
drawn from a pool that was judged once, against the mean of the pool; the network tells birds by their wings.

    .venv/bin/python benchmarks/coverage_metrics.py draws 200 [metric ...]
    .venv/bin/python benchmarks/coverage_metrics.py images 400
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import torch

import seewhy
from seewhy.domain.baseline import Colour
from seewhy.domain.target import Target
from seewhy.engine.probe import Probe
from seewhy.engine.trial import Trial
from seewhy.models.adapt import adapt
from seewhy.run.explainers import explainer_of
from seewhy.stats.bootstrap import mean_interval
from seewhy.stats.proportions import wilson
from seewhy.testing.metric_coverage import metric_coverage
from seewhy.testing.planted import watermark_images, watermark_network
from seewhy.testing.scenes import dataset, trained

SCENES, SIDE, DRAWN = 3, 32, 2000
ROUNDS = {"randomisation": 5}  # of fifty times three networks, which are few for a reference
METRICS = {
    "stability": (16, {}),
    "randomisation": (3, {}),
    "f-fidelity": (50, {}),
    "mu-fidelity": (128, {}),
    "infidelity": (512, {}),
    "infidelity ": (512, {"perturbation": "noise"}),
    "sensitivity-n": (100, {}),
}


def draws(runs: int, *names: str) -> Iterator[str]:
    """One row per metric and line, over the scenes together."""
    model, images = adapt(watermark_network()), watermark_images(SCENES).images
    yield "| metric | line | samples | held | runs | stated / real |\n|---|---|---|---|---|---|"
    for name, (samples, options) in METRICS.items():
        if names and name.strip() not in names:
            continue
        ask = {"samples": samples, "runs": runs, "options": options, "rounds": ROUNDS.get(name, 1)}
        found = [metric_coverage(name.strip(), trial(model, image), **ask) for image in images]
        for line in {line: None for one in found for line in one}:
            held = [one[line] for one in found if line in one]
            count = sum(one.runs for one in held)
            share = sum(one.share * one.runs for one in held) / count
            error, stated = (share * (1 - share) / count) ** 0.5, [f"{one.stated:.2f}" for one in held]
            told = ", ".join(map(str, (name, *options.values())))
            yield f"| {told} | {line} | {samples} | {share:.1%} ± {error:.1%} | {count} | {' '.join(stated)} |"


def trial(model: seewhy.Model, image: torch.Tensor) -> Trial:
    """The saliency of an image; the copy that knows holes is the network itself."""
    with model.borrowed(), torch.no_grad():
        index = int(model(image[None]).argmax())
    probe, saliency = Probe(model, image[None], [Target(index, str(index))]), explainer_of("saliency", model)
    return Trial(probe, saliency(model, image[None], probe.targets)[0], Colour(0.5), again=saliency, tuned=probe)


def images(pool: int) -> Iterator[str]:
    """One row per method, line and number of images."""
    scenes = dataset(pool, seed=6, rule="wings", split="test", size=SIDE).images
    network = trained("cnn", rule="wings", size=SIDE, epochs=4).network
    card = seewhy.report_card(network, scenes, ["saliency", "grad-cam"], level="quick")
    yield f"a pool of {pool} scenes\n\n| method | line | 20 | 50 | 200 |\n|---|---|---|---|---|"
    for method in ("saliency", "grad-cam", "random"):
        index = card.methods.index(method)
        for row in card.rows:
            values = row.values[index]
            known = values[~np.isnan(values)]
            if len(known) > pool / 2 and known.std() > 0 and row.metric != "cost":
                shares = [held(known, size, row.line.share) for size in (20, 50, 200)]
                yield f"| {method} | {row.line.name} | {' | '.join(f'{share:.1%}' for share in shares)} |"


def held(pool: np.ndarray, size: int, share: bool) -> float:
    """How often the interval of `size` scenes drawn with replacement holds the mean of the pool."""
    random, of = np.random.default_rng(size), wilson if share else lambda drawn: mean_interval(drawn, resamples=2000)
    return float(np.mean([of(random.choice(pool, size)).holds(pool.mean()) for _ in range(DRAWN)]))


if __name__ == "__main__":
    torch.set_num_threads(1)
    part, count, *names = sys.argv[1:] or ("draws", "200")
    for found in images(int(count)) if part == "images" else draws(int(count), *names):
        print(found, flush=True)
