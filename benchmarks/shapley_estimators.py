"""Calls for the same error: kernel-shap against captum's KernelShap, on 49 cells and the bundled network.

The reference is our own fit on pairs of another seed. Its noise is in all figures and makes the factor look smaller
than it is. Answers are remembered between estimators; captum's coalitions are drawn by its own sampler.

    .venv/bin/python benchmarks/shapley_estimators.py [seeds] [reference pairs]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
from captum.attr import KernelShap

import seewhy
from seewhy.domain.baseline import Blur
from seewhy.domain.regions import Grid
from seewhy.domain.target import Target
from seewhy.engine.game import Game
from seewhy.engine.leverage import LeveragePairs
from seewhy.engine.probe import Probe
from seewhy.engine.shapley import shares_of_pairs
from seewhy.inputs.read import read_sample
from seewhy.registry import find_method

CALLS = (128, 256, 512, 1024)
REFERENCE_SEED = 1000


def game_of(photo: str) -> Game:
    """The game of one bundled photo: the logit of the predicted class, 49 cells, blurred where absent."""
    model = seewhy.adapt("efficientnet-lite0")
    image = read_sample(f"photo:{photo}", model.preprocess).pixels[None]
    probe = Probe(model, image, [Target(0, "")])
    probe.targets = [Target(int(probe.clean[0].argmax()), "the predicted class")]
    return Game.of(probe, 0, Grid(7), Blur())


def reference(game: Game, pairs: int) -> Tensor:
    """The fit on many pairs of a seed that nobody else uses."""
    rows = LeveragePairs(game.players, REFERENCE_SEED).draw(pairs)
    scores = game.values(rows).double()
    return shares_of_pairs(rows[::2], scores[::2] - scores[1::2], float(game.whole() - game.empty)).values


def ours(game: Game, calls: int, seed: int) -> Tensor:
    options = {"regions": Grid(7), "samples": calls, "tolerance": 0.0, "seed": seed}
    (parts,) = find_method("kernel-shap").function(game.probe, **options).parts
    return parts.values.double()


def captums(game: Game, calls: int, seed: int) -> Tensor:
    """Captum's sampler and regression on bits as features; the game stands in for the network."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        explainer = KernelShap(lambda bits: _asked(game, bits > 0.5))
        ones = torch.ones(1, game.players)
        return explainer.attribute(ones, n_samples=calls, perturbations_per_eval=32)[0].double()


def _asked(game: Game, coalitions: Tensor) -> Tensor:
    """The empty and the whole image are paid once."""
    full, none = coalitions.all(dim=1), ~coalitions.any(dim=1)
    scores = torch.where(full, game.whole(), game.empty)
    some = ~(full | none)
    return scores.masked_scatter(some, game.values(coalitions[some])) if bool(some.any()) else scores


def rows(photo: str, seeds: int, pairs: int) -> Iterator[str]:
    """One line of the table per number of calls."""
    game = game_of(photo)
    with game.probe.model.borrowed():
        truth = reference(game, pairs)
        for calls in CALLS:
            errors = [
                torch.stack([(of(game, calls, seed) - truth).norm() / truth.norm() for seed in range(seeds)])
                for of in (ours, captums)
            ]
            mine, theirs = (float(error.square().mean().sqrt()) for error in errors)
            yield f"| {photo} | {calls} | {mine:.2f} | {theirs:.2f} | {(theirs / mine) ** 2:.1f} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    seeds, pairs = (int(given) for given in (sys.argv[1:] + ["2", "1500"][len(sys.argv) - 1 :])[:2])
    print(
        "| photo | calls | kernel-shap, relative error | captum, relative error | captum's calls / ours, equal error |"
    )
    print("|---|---|---|---|---|")
    for photo in ("cat", "coffee"):
        for line in rows(photo, seeds, pairs):
            print(line, flush=True)
