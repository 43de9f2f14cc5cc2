"""Do the error bars cover? Measured against exact values of a random game, over fixed seeds."""

import pytest
import torch
from games import TableGame, random_table

from seewhy.engine.coalitions import everyone
from seewhy.engine.leverage import LeveragePairs, Strata
from seewhy.engine.regression import ridge
from seewhy.engine.shapley import shares, shares_of_pairs
from seewhy.registry import load_all
from seewhy.testing.coverage import coverage as measured

PLAYERS, RUNS = 10, 240


@pytest.fixture(scope="module")
def game() -> TableGame:
    return TableGame(random_table(PLAYERS))


def coverage(game: TableGame, truth: torch.Tensor, method: str, **options) -> tuple[float, float]:
    """How often the 95 % interval holds the true value: per part, and for all parts at once by the band."""
    runs = [game.ask(method, tolerance=0.0, seed=seed, **options) for seed in range(RUNS)]
    off = torch.stack([run.values for run in runs]) - truth
    halves = torch.stack([run.stderr for run in runs]) * 1.96
    bands = torch.stack([run.band for run in runs])
    return float((off.abs() <= halves).float().mean()), float((off.abs() <= bands).all(dim=1).float().mean())


@pytest.mark.parametrize(
    ("method", "samples"), [("kernel-shap", 36), ("kernel-shap", 256), ("permutation-shapley", 60)]
)
def test_shapley_error_bars_cover_the_exact_values(game, method, samples):
    each, together = coverage(game, game.ask("exact-shapley").values, method, samples=samples)
    assert 0.92 <= each <= 0.98
    assert together >= 0.90


def test_banzhaf_error_bars_cover_the_exact_values(game):
    each, together = coverage(game, game.ask("banzhaf", samples=1024).values, "banzhaf", samples=128)
    assert 0.92 <= each <= 0.98
    assert together >= 0.90


def test_the_bands_of_interactions_cover_the_exact_ones(game):
    exact = game.ask("shapley-interactions", samples=1024)
    runs = [game.ask("shapley-interactions", samples=256, tolerance=0.0, seed=seed) for seed in range(RUNS // 4)]
    assert exact.pairs.abs().max() > 0.3
    held = [bool(((run.pairs - exact.pairs).abs() <= run.pairs_band + 1e-5).all()) for run in runs]
    assert sum(held) >= 0.90 * len(runs)


def test_shrinking_helps_where_calls_are_few_and_its_bars_know_what_it_did():
    """A game of noise: the plain regression on barely enough pairs is wild, the shrunken one is not."""
    table = torch.randn(2**PLAYERS, generator=torch.Generator().manual_seed(4)).double()
    rows = everyone(PLAYERS)
    truth, explained = shares(rows, table), float(table[-1] - table[0])
    plain, shrunk, held = 0.0, 0.0, []
    powers = 2 ** torch.arange(PLAYERS - 1, -1, -1)
    for seed in range(100):
        first = LeveragePairs(PLAYERS, seed).draw(PLAYERS + 4)[::2]
        gaps = table[first.long() @ powers] - table[(~first).long() @ powers]
        found = shares_of_pairs(first, gaps, explained).banded(0)
        shrunk += float((found.values - truth).square().sum())
        held.append(float(((found.values - truth).abs() <= 1.96 * found.stderr).double().mean()))
        signs, equal = 2 * first.double() - 1, explained / PLAYERS
        root = Strata.of(first).weights.sqrt()
        centred, rest = (signs - signs.mean(dim=1, keepdim=True)), gaps - signs.sum(dim=1) * equal
        fitted = torch.linalg.pinv(root[:, None] * centred) @ (root * rest) + equal
        plain += float((fitted - truth).square().sum())
    assert shrunk < 0.5 * plain
    assert sum(held) / len(held) >= 0.90


def test_lime_error_bars_cover_the_weights_of_all_coalitions(game):
    rows = everyone(PLAYERS).double()
    weights = (-(((1 - rows.mean(dim=1).sqrt()) / 0.25) ** 2)).exp().sqrt()
    truth = ridge(rows, game.table.double(), weights, 1e-9)[0]
    each, together = coverage(game, truth, "lime", samples=256, ridge_strength=1e-9)
    assert 0.92 <= each <= 0.98
    assert together >= 0.90


def test_a_known_pull_widens_bars_by_as_much_as_it_is_off():
    """Around a pull far beyond the spread only one tail can be missed: 95 % lie below pull + 1.645 errors."""
    from seewhy.engine.estimate import widened

    stderr, pull = torch.tensor([1.0, 1.0, 0.0]).double(), torch.tensor([0.0, -10.0, 2.0]).double()
    assert widened(stderr, pull).tolist() == pytest.approx([1.0, (10 + 1.645) / 1.96, 2 / 1.96], rel=1e-3)
    draws = torch.randn(100_000, generator=torch.Generator().manual_seed(0)).double() + 0.7
    half = 1.96 * float(widened(stderr[:1], torch.tensor([0.7]).double())[0])
    assert float((draws.abs() <= half).double().mean()) == pytest.approx(0.95, abs=0.003)


def test_a_band_around_known_pulls_holds_all_of_them_at_once():
    from seewhy.engine.estimate import from_influence

    generator, pull = torch.Generator().manual_seed(0), torch.tensor([0.0, 2.0, -5.0]).double()
    units = torch.randn(4000, 3, generator=generator).double() / 4000**0.5
    found = from_influence(torch.zeros(3).double(), units, seed=0, freedom=4000, pull=pull)
    drawn = torch.randn(20_000, 3, generator=generator).double() + pull
    assert float((drawn.abs() <= found.band).all(dim=1).double().mean()) == pytest.approx(0.95, abs=0.02)


def test_errors_of_skewed_means_are_wider_the_less_is_known():
    from seewhy.engine.moments import upper_errors

    mean, stderr = torch.tensor([1.0, 1.0]), torch.tensor([0.01, 0.5])
    sure, unsure = (upper_errors(mean, stderr) / stderr).tolist()
    assert sure == pytest.approx(1.0)
    assert unsure > 1.3


@pytest.mark.parametrize(("method", "samples"), [("lime", 128), ("hsic", 128), ("debiased-rise", 128), ("rise", 256)])
def test_error_bars_hold_what_many_times_the_samples_would_give(method, samples):
    """Ridge and chance pull values of few samples: LIME's and HSIC's bars hold that too."""
    found = measured(load_all()[method], samples=samples, runs=80)
    assert float(found.each.mean()) >= 0.92
    assert float(found.together.mean()) >= 0.88


@pytest.mark.parametrize("method", ["smooth-grad", "var-grad", "expected-gradients"])
def test_bands_of_gradients_hold_what_jumps_once_in_a_while(method):
    """Behind a ReLU a place can look steady in nearly all draws: as-it-looks bands held 0.87, 0.86 and 0.91."""
    found = measured(load_all()[method], samples=64, runs=80)
    assert float(found.together.mean()) >= 0.91


def test_a_place_that_never_moved_keeps_a_band_of_zero():
    from seewhy.engine.moments import wary

    stderr, band = torch.tensor([0.0, 1e-6, 1.0]), torch.tensor([0.0, 4e-6, 4.0])
    found = wary(torch.zeros(3), stderr, band, 25)
    assert found.band[0] == 0
    assert found.band[1] > 0.1
    assert 4.0 < float(found.band[2]) < 4.2


def test_the_two_halves_of_a_pair_are_not_taken_for_independent(game):
    """Treating them so would shrink or stretch the error: the spread over seeds says what is right."""
    runs = [game.ask("permutation-shapley", samples=60, tolerance=0.0, seed=seed) for seed in range(RUNS)]
    spread = torch.stack([run.values for run in runs]).std(dim=0)
    stated = torch.stack([run.stderr for run in runs]).mean(dim=0)
    assert 0.9 <= float((stated / spread).mean()) <= 1.1


def test_rise_states_the_spread_that_seeds_show():
    from seewhy.domain.target import Target
    from seewhy.engine.probe import Probe
    from seewhy.models.function import FunctionModel
    from seewhy.testing.tiny_models import pictures, plain_function

    model, image = FunctionModel(plain_function), pictures(1, 3, 12, 12)
    runs = [
        load_all()["rise"].function(
            Probe(model, image, [Target(2, "product")]), samples=256, cells=4, tolerance=0.0, seed=s
        )
        for s in range(60)
    ]
    spread = torch.stack([run.values for run in runs]).std(dim=0)
    stated = torch.stack([run.stderr for run in runs]).mean(dim=0)
    assert 0.85 <= float((stated / spread).mean()) <= 1.15
