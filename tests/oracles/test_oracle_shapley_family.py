"""Owen, Banzhaf and interaction values against their definitions, and the pairs that leverage draws."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from known_networks import Formula

import seewhy
from seewhy.domain.baseline import Baseline
from seewhy.domain.regions import Grid, Windows
from seewhy.engine.hierarchy import questions, tree
from seewhy.engine.leverage import LeveragePairs, Strata, pairs_of
from seewhy.testing import oracles, oracles_games

IMAGE = torch.tensor([[[0.9, 0.2, 0.7, 0.5], [0.4, 0.6, 0.3, 0.8]]])  # eight pixels, eight parts
TREE = (((0, 1), (4, 5)), ((2, 3), (6, 7)))  # columns in two halves, then rows, then pixels
GAMES = {
    "additive": lambda p: p @ torch.arange(-3.0, 5.0),
    "product of two": lambda p: 3 * p[:, 0] * p[:, 5],
    "and of three": lambda p: p[:, 0] * p[:, 2] * p[:, 7],
    "max of two": lambda p: torch.maximum(p[:, 1], p[:, 6]),
    "threshold": lambda p: torch.sigmoid(4 * (p.sum(dim=1) - 2)),
    "mixed": lambda p: p[:, 0] * p[:, 1] - 2 * p[:, 2] * p[:, 3] * p[:, 4] + torch.sqrt(p[:, 5] + p[:, 7] + 0.1),
}
Game = Callable[[torch.Tensor], torch.Tensor]


def explained(game: Game, method: str, **options: object) -> seewhy.Explanation:
    model = Formula(lambda images: game(images.flatten(1)))
    parts = {"regions": seewhy.Grid(4), "baseline": seewhy.Colour(0.0)}
    return seewhy.explain(model, IMAGE, method=method, target=0, scale="logit", **{**parts, **options})


def as_sets(game: Game) -> oracles.Value:
    """The game with absent pixels black, as a set function."""
    pixels = IMAGE.flatten()

    def value(present: frozenset[int]) -> float:
        kept = torch.tensor([float(pixels[i]) if i in present else 0.0 for i in range(8)])
        return float(game(kept[None])[0])

    return value


@pytest.mark.parametrize("name", GAMES)
def test_a_tree_refined_to_the_end_gives_the_owen_values_of_all_its_orders(name: str) -> None:
    found = explained(GAMES[name], "partition-shapley")
    by_hand = oracles_games.owen(as_sets(GAMES[name]), TREE, 8)
    np.testing.assert_allclose(found.parts.values, by_hand, atol=2e-6)
    assert (found.sampling.stop, found.sampling.drawn) == ("exact", questions(8))


def test_a_flat_tree_s_owen_values_are_shapley_values() -> None:
    game = as_sets(GAMES["mixed"])
    six = lambda present: game(frozenset(present))  # noqa: E731
    np.testing.assert_allclose(oracles_games.owen(six, tuple(range(6)), 6), oracles.shapley(six, 6), atol=1e-9)


def test_owen_and_shapley_values_differ_where_a_part_matters_with_one_of_two_others() -> None:
    # 0 is worth 1 with either 1 (its neighbour) or 6 (far away): the tree lets 0 and 1 arrive together
    def game(p: torch.Tensor) -> torch.Tensor:
        on = (p > 0).float()
        return on[:, 0] * torch.maximum(on[:, 1], on[:, 6])

    owen, shapley = (explained(game, m).parts.values for m in ("partition-shapley", "exact-shapley"))
    # 6 comes before the half of 0 and 1, or after it. Before: 0 gains all. After: whoever of 0 and 1 comes last does.
    np.testing.assert_allclose(owen[[0, 1, 6]], [3 / 4, 1 / 4, 0], atol=1e-6)
    np.testing.assert_allclose(shapley[[0, 1, 6]], [2 / 3, 1 / 6, 1 / 6], atol=1e-6)


def test_a_tree_that_is_cut_short_keeps_the_sum_and_says_that_it_is_not_done() -> None:
    whole, short = (explained(GAMES["mixed"], "partition-shapley", samples=n) for n in (500, 6))
    assert short.sampling.drawn == 6
    assert next(check for check in short.checks if check.name == "convergence").verdict == "warning"
    assert short.parts.values.sum() == pytest.approx(whole.parts.values.sum(), abs=1e-5)
    assert len(np.unique(short.parts.values.round(6))) < len(np.unique(whole.parts.values.round(6)))


def test_the_branch_with_most_at_stake_is_refined_first() -> None:
    found = explained(lambda p: 5 * p[:, 3] + 0.1 * p.sum(dim=1), "partition-shapley", samples=14)
    assert found.parts.values[3] == pytest.approx(5.1 * 0.5, abs=1e-5)  # alone already
    assert found.parts.values[0] == pytest.approx(found.parts.values[5], abs=1e-6)  # still in one branch


@pytest.mark.parametrize("baseline", [seewhy.Inpaint(), seewhy.Linear(), seewhy.Nearest()])
def test_partition_shapley_fills_in_from_what_is_left(baseline: Baseline) -> None:
    image = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))

    def corner(images: torch.Tensor) -> torch.Tensor:
        return images[:, :, :8, :8].mean(dim=(2, 3))

    options = {"regions": seewhy.Grid(4), "baseline": baseline}
    found = seewhy.explain(corner, image, method="partition-shapley", target=1, scale="logit", **options)
    difference = float(image[1, :8, :8].mean() - image[1].mean())  # of the corner, and of the mean colour
    assert found.values.sum() == pytest.approx(difference, abs=1e-4)
    assert np.abs(found.values).max() > 1e-3


def test_the_tree_halves_whatever_parts_there_are() -> None:
    image = torch.rand(3, 12, 10, generator=torch.Generator().manual_seed(1))
    for regions in (Grid(5).of(image), Windows(4, 3).of(image), Grid(2).of(image[:, None].expand(3, 4, 12, 10))):
        leaves, waiting, asked = [], [tree(regions)], 0
        while waiting:
            branch = waiting.pop()
            waiting += branch.halves
            leaves += [] if branch.halves else branch.parts.tolist()
            assert not branch.halves or abs(len(branch.halves[0].parts) - len(branch.halves[1].parts)) <= 1
            asked += 1
        assert sorted(leaves) == list(range(regions.count))
        assert asked == 2 * regions.count - 1


@pytest.mark.parametrize("name", GAMES)
def test_exact_banzhaf_values_are_the_mean_gain_over_all_sets(name: str) -> None:
    found = explained(GAMES[name], "banzhaf")
    np.testing.assert_allclose(found.parts.values, oracles_games.banzhaf(as_sets(GAMES[name]), 8), atol=2e-6)
    assert found.sampling.stop == "exact"


def test_banzhaf_values_of_an_and_of_three_do_not_share_out_all_of_it() -> None:
    found = explained(GAMES["and of three"], "banzhaf").parts.values
    worth = 0.9 * 0.7 * 0.8
    np.testing.assert_allclose(found[[0, 2, 7]], worth / 4, atol=1e-6)  # both others are there once in four
    assert found.sum() == pytest.approx(0.75 * worth, abs=1e-6)


@pytest.mark.parametrize("name", GAMES)
def test_exact_interactions_are_the_faithful_fit_and_the_map_is_the_shapley_value(name: str) -> None:
    found = explained(GAMES[name], "shapley-interactions").parts
    single, joint = oracles_games.faithful_interactions(as_sets(GAMES[name]), 8)
    np.testing.assert_allclose(found.pairs, joint, atol=5e-6)
    np.testing.assert_allclose(found.values, single + joint.sum(axis=1) / 2, atol=5e-6)
    np.testing.assert_allclose(found.values, explained(GAMES[name], "exact-shapley").parts.values, atol=5e-6)


def test_interactions_of_games_solved_by_hand() -> None:
    def strongest(game: Game) -> tuple[np.ndarray, np.ndarray]:
        found = explained(game, "shapley-interactions").parts
        return found.values, found.pairs

    values, pairs = strongest(GAMES["additive"])
    assert np.abs(pairs).max() < 1e-5
    np.testing.assert_allclose(values, IMAGE.flatten() * torch.arange(-3.0, 5.0), atol=1e-5)
    values, pairs = strongest(GAMES["product of two"])
    worth = 3 * 0.9 * 0.6
    assert pairs[0, 5] == pairs[5, 0] == pytest.approx(worth, abs=1e-5)
    assert np.abs(pairs).sum() == pytest.approx(2 * worth, abs=1e-4)
    np.testing.assert_allclose(values[[0, 5]], worth / 2, atol=1e-5)
    _, pairs = strongest(GAMES["max of two"])  # max(a, b) = a + b - min(a, b)
    assert pairs[1, 6] == pytest.approx(-0.2, abs=1e-5)


@pytest.mark.parametrize("samples", [60, 120])
def test_sampled_interactions_of_a_second_order_game_are_found_with_fewer_calls_than_coalitions(samples: int) -> None:
    def game(p: torch.Tensor) -> torch.Tensor:
        return 2 * p[:, 0] * p[:, 5] - p[:, 3] * p[:, 4] + p[:, 1]

    found = explained(game, "shapley-interactions", samples=samples, tolerance=0.0).parts
    exact = explained(game, "shapley-interactions").parts
    assert (np.abs(found.pairs - exact.pairs) <= found.pairs_band + 1e-5).all()
    first = found.couples()[0]
    assert (first.first, first.second) == (0, 5)
    if samples == 120:  # more pairs than unknowns: the fit goes through a game of second order
        np.testing.assert_allclose(found.pairs, exact.pairs, atol=1e-4)


@pytest.mark.parametrize("method", ["banzhaf", "kernel-shap", "shapley-interactions"])
@pytest.mark.parametrize("name", ["and of three", "mixed", "threshold"])
def test_sampled_values_are_within_their_own_band(name: str, method: str) -> None:
    exact, covered = explained(GAMES[name], method).parts.values, []
    for seed in range(40):
        found = explained(GAMES[name], method, samples=80, tolerance=0.0, seed=seed, checks="quick").parts
        covered.append((np.abs(found.values - exact) <= found.band + 1e-6).all())
    assert np.mean(covered) >= 0.85  # 95 % is promised for many units


def test_leverage_takes_sizes_in_turn_and_no_pair_twice() -> None:
    first = LeveragePairs(9, 0).draw(60)[::2]
    assert len({frozenset((bytes(row.tolist()), bytes((~row).tolist()))) for row in first}) == 60
    sizes = torch.minimum(first.sum(dim=1), 9 - first.sum(dim=1)).bincount(minlength=5)
    # 9 pairs of size 1 are all there are; the rest is shared by sizes 2, 3 and 4
    assert sizes.tolist() == [0, 9, 17, 17, 17]
    assert torch.equal(LeveragePairs(9, 0).draw(60)[1::2], ~first)


@pytest.mark.parametrize("players", [5, 6])
def test_leverage_ends_with_every_pair_once_and_the_weights_are_the_kernel(players: int) -> None:
    pairs = LeveragePairs(players, 3)
    first = torch.cat([pairs.draw(7)[::2] for _ in range(10)])
    assert len(first) == 2 ** (players - 1) - 1 == sum(pairs_of(s, players) for s in range(1, players // 2 + 1))
    for row, weight in zip(first, Strata.of(first).weights.tolist(), strict=True):
        s = int(row.sum())
        assert weight == pytest.approx(1 / (math.comb(players, s) * s * (players - s)))


def test_when_every_pair_was_asked_no_error_is_left() -> None:
    first = LeveragePairs(6, 0).draw(31)[::2]
    assert Strata.of(first).scatter(torch.randn(31, 6, dtype=torch.float64)).abs().max() == 0


@pytest.mark.parametrize("method", ["banzhaf", "partition-shapley", "shapley-interactions", "kernel-shap"])
def test_additive_games_are_told_exactly_by_the_whole_family(method: str) -> None:
    options = {} if method == "partition-shapley" else {"samples": 80, "tolerance": 0.0}
    found = explained(GAMES["additive"], method, **options).parts.values
    np.testing.assert_allclose(found, IMAGE.flatten() * torch.arange(-3.0, 5.0), atol=1e-5)
