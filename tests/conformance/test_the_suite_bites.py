"""The suite tells right explainers from wrong ones: each wrong one is caught by the level that is about its mistake."""

import itertools
import json

import pytest
import torch
from torch import nn

import seewhy
from seewhy.errors import BadOption, UnknownMethod
from seewhy.provable.claims import CLAIMS, all_of
from seewhy.provable.expected import banzhaf, expected, leave_one_out, path_integral, shapley
from seewhy.provable.level import levels
from seewhy.provable.levels import evidence, formulas
from seewhy.provable.networks import Detector, HalfMasked, Quadrants, Table, saturated
from seewhy.testing import oracles, oracles_games
from seewhy.testing.tiny_models import pictures, seeded


def gradient(network: nn.Module, images: torch.Tensor, targets: list[int]) -> torch.Tensor:
    asked = images.clone().requires_grad_()
    score = network(asked)[range(len(images)), targets].sum()
    return torch.autograd.grad(score, asked)[0]


def input_x_gradient(network, images, targets):
    return images * gradient(network, images, targets)


def absolute(network, images, targets):
    return input_x_gradient(network, images, targets).abs()


def smeared(network, images, targets):
    return input_x_gradient(network, images, targets) + 0.01


def of_class_zero(network, images, targets):
    return input_x_gradient(network, images, [0] * len(images))


def scaled_by_the_batch(network, images, targets):
    maps = input_x_gradient(network, images, targets)
    return maps / maps.abs().max()


def turned(network, images, targets):
    return input_x_gradient(network, images, targets).flip(-1)


def noisy(network, images, targets):
    maps = input_x_gradient(network, images, targets)
    return maps * torch.rand_like(maps)


def wasteful(network, images, targets):
    network(images)
    return input_x_gradient(network, images, targets)


def of_all_order(network, images, targets):
    return input_x_gradient(network, images.flip(0), targets)


WRONG = [
    (absolute, "cancellation", "proportional"),
    (absolute, "suppressor", "proportional"),
    (smeared, "dummy", "dummy"),
    (smeared, "field of view", "local"),
    (smeared, "event", "dummy"),
    (smeared, "erased", "pointing"),
    (of_class_zero, "two classes", "class-specific"),
    (scaled_by_the_batch, "batch and single", "per-image"),
    (scaled_by_the_batch, "linear", "proportional"),
    (scaled_by_the_batch, "scaled score", "linear"),
    (of_all_order, "batch and single", "per-image"),
    (turned, "moved", "pointing"),
    (turned, "masked tokens", "local"),
    (turned, "mirrored and shifted", "equivariant"),
    (noisy, "twins", "per-image"),
    (noisy, "linear", "proportional"),
    (wasteful, "asked twice", "sparing"),
    (input_x_gradient, "additive", "additive"),
    (input_x_gradient, "saturation", "sensitive"),
    (input_x_gradient, "complete", "complete"),
    (input_x_gradient, "random games", "shapley"),
    (input_x_gradient, "place times time", "path-integral"),
    (input_x_gradient, "input shift", "shift-invariant"),
]


@pytest.mark.parametrize(("explainer", "level", "claim"), WRONG)
def test_a_wrong_explainer_fails_the_level_about_its_mistake(explainer, level, claim):
    (found,) = seewhy.conformance(explainer, claims=[claim], levels=[level]).outcomes
    assert found.status == "fails", found


def test_a_function_that_is_right_holds_what_it_claims():
    found = seewhy.conformance(input_x_gradient, claims=["proportional", "dummy", "linear", "per-image", "sparing"])
    assert found.holds, found.failed
    assert {each.status for each in found.outcomes if each.claimed} == {"holds"}


def test_what_is_not_claimed_is_told_and_is_no_failure():
    found = seewhy.conformance(input_x_gradient, levels=["C2"])
    assert found.holds
    assert found["additive"].status == "does not hold"
    assert found["additive"].number == pytest.approx(2, abs=1e-3)  # three times what is right


def test_without_a_claim_the_rule_that_fits_is_found():
    def drops(network, images, targets):
        whole = network(images)[:, 0]
        maps = torch.zeros(len(images), *images.shape[2:])
        for place in itertools.product(*map(range, images.shape[2:])):
            without = images.clone()
            without[(slice(None), slice(None), *place)] = 0
            maps[(slice(None), *place)] = whole - network(without)[:, 0]
        return maps

    found = seewhy.conformance(drops, levels=["max", "place times time"])
    assert [(each.status, each.says) for each in found.outcomes] == [("holds", "leave-one-out")] * 2


def test_the_levels_go_on_behind_one_that_crashes():
    def only_images(network, images, targets):
        assert images.ndim == 4, "clips are not for me"
        return input_x_gradient(network, images, targets)

    found = seewhy.conformance(only_images, claims=["dummy"], levels=["C6", "C13", "C14"])
    assert found["event"].status == "crashed"
    assert "clips are not for me" in found["event"].says
    assert found["event"] in found.failed
    assert found["masked tokens"].status == "holds"


def test_an_explainer_says_by_an_exception_that_a_level_is_not_for_it():
    def only_images(network, images, targets):
        if images.ndim != 4:
            raise NotImplementedError("images only")
        return input_x_gradient(network, images, targets)

    found = seewhy.conformance(only_images, claims=["dummy"], levels=["C13"])
    assert (found["event"].status, found["event"].says) == ("does not apply", "images only")
    assert found.holds


@pytest.mark.parametrize("wrong", [lambda n, x, t: x[:, 0, :1], lambda n, x, t: x * torch.nan])
def test_maps_of_a_wrong_shape_or_with_nan_are_no_answer(wrong):
    found = seewhy.conformance(wrong, claims=["dummy"], levels=["dummy"])
    assert found["dummy"].status == "crashed"
    assert not found.holds


def test_global_random_numbers_stay_where_they_were():
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    seewhy.conformance(noisy, levels=["C1"])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_same_seed_gives_the_same_numbers():
    first, again = (seewhy.conformance(noisy, levels=["C1", "C3"], seed=3).to_json() for _ in range(2))
    assert first == again


def test_the_result_is_plain_data():
    found = seewhy.conformance("occlusion", levels=["C1"])
    assert json.loads(json.dumps(found.to_json()))["levels"][0]["status"] == "holds"
    assert "occlusion" in str(found)
    assert "holds" in str(found)


def test_unknown_words_are_met_with_known_ones():
    with pytest.raises(BadOption, match="complete"):
        seewhy.conformance(noisy, claims=["complet"])
    with pytest.raises(BadOption, match="C1"):
        seewhy.conformance(noisy, levels=["C99"])
    with pytest.raises(BadOption, match="IntegratedGradients"):
        seewhy.conformance("captum:IntegratedGradient")
    with pytest.raises(UnknownMethod):
        seewhy.conformance("nope")
    with pytest.raises(BadOption, match="neither a name nor a function"):
        seewhy.conformance(3)


def test_every_claim_but_none_is_tested_by_a_level():
    assert {claim for level in levels() for claim in level.claims} == set(CLAIMS)
    assert all(level.expects for level in levels())
    assert "proportional" in all_of(["shapley"])


# -- the expected values


def test_values_of_a_game_are_those_of_the_slow_oracles():
    table = torch.randn(16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def worth(present: frozenset[int]) -> float:
        return float(table[sum(1 << (3 - place) for place in present)])

    torch.testing.assert_close(shapley(table), torch.as_tensor(oracles.shapley(worth, 4)))
    torch.testing.assert_close(banzhaf(table), torch.as_tensor(oracles_games.banzhaf(worth, 4)))
    everyone = frozenset(range(4))
    drops = torch.tensor([worth(everyone) - worth(everyone - {place}) for place in range(4)]).double()
    torch.testing.assert_close(leave_one_out(table), drops)


def test_the_integral_through_the_extension_of_a_game_is_its_shapley_value():
    table = torch.randn(16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = path_integral(Table(table).double(), torch.ones(3, 2, 2, dtype=torch.float64), 0)
    torch.testing.assert_close(found.flatten(), shapley(table), atol=1e-6, rtol=0)


def test_the_values_of_a_product_and_of_a_maximum_are_those_by_hand():
    seen = formulas.image()[0]
    p, q = (float(seen.double().mean(dim=0).flatten()[place]) for place in (formulas.FIRST, formulas.SECOND))
    for rule, share in (("shapley", 0.5), ("banzhaf", 0.5), ("path-integral", 0.5), ("leave-one-out", 1.0)):
        found = expected(rule, formulas.product(), seen).flatten()
        assert float(found[formulas.FIRST]) == pytest.approx(share * p * q, abs=1e-6), rule
        assert float(found.abs().sum()) == pytest.approx(2 * share * p * q, abs=1e-6), rule
    larger, smaller = sorted((p, q), reverse=True)
    place = formulas.FIRST if p > q else formulas.SECOND
    values = {
        rule: float(expected(rule, formulas.strongest(), seen).flatten()[place])
        for rule in ("shapley", "path-integral")
    }
    assert values == pytest.approx({"shapley": larger - smaller / 2, "path-integral": larger}, abs=1e-6)


# -- the networks are what the levels say of them


def test_a_class_of_the_quadrants_is_blind_to_the_other_quadrants():
    network, seen = seeded(lambda: Quadrants(8)).eval(), pictures(1, 3, 8, 8)
    for k in range(4):
        changed = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
        top, left = k // 2 * 4, k % 2 * 4
        changed[..., top : top + 4, left : left + 4] = seen[..., top : top + 4, left : left + 4]
        before, after = network(seen)[0, k].detach(), network(changed)[0, k].detach()
        assert float(before) != 0
        torch.testing.assert_close(before, after)


def test_the_detector_finds_nothing_on_the_ground_and_the_pattern_wherever_it_lies():
    network = evidence.crosses()
    assert network(evidence.ground())[0, 0].item() == 0
    marked = [evidence.with_pattern(evidence.ground(), evidence.CROSS, spot) for spot in evidence.SPOTS]
    scores = network(torch.cat(marked))[:, 0].tolist()
    assert scores == pytest.approx([scores[0]] * 4)
    assert scores[0] > 0


def test_the_watermark_decides_and_without_it_the_answer_changes():
    network = Detector(torch.stack([evidence.CROSS, evidence.TAG]), (0.2, 2.0), strongest=True)
    crossed = evidence.with_pattern(evidence.ground(), evidence.CROSS, evidence.SPOTS[0])
    tagged = evidence.with_pattern(crossed, evidence.TAG, evidence.SPOTS[3])
    assert float(network(tagged)[0, 0]) > 5 * float(network(crossed)[0, 0]) > 0


def test_the_masked_transformer_is_blind_to_its_right_half():
    network, seen = seeded(HalfMasked).eval(), pictures(1, 3, 24, 24)
    changed = seen.clone()
    changed[..., 12:] = 0
    torch.testing.assert_close(network(seen), network(changed))
    assert not torch.allclose(network(seen), network(seen * 0.5))


def test_the_saturated_network_needs_either_place_and_its_rows_are_no_probabilities():
    network, white = saturated(0, 5, 9), torch.ones(1, 3, 3, 3)
    one = torch.zeros(1, 3, 9)
    one[..., 5] = 1
    assert [float(network(x)[0, 0]) for x in (white, one.reshape(1, 3, 3, 3), white * 0)] == [1, 1, 0]
    assert float(network(white).sum()) != 1


# -- what the suite found


def test_tokens_that_are_masked_off_leave_libra_grad_finite_and_complete():
    found = seewhy.explain(seeded(HalfMasked).eval(), pictures(1, 3, 24, 24), method="libra-grad", target=1)[0]
    assert torch.from_numpy(found.values).isfinite().all()
    check = next(check for check in found.checks if check.name == "completeness")
    assert check.verdict == "good", check.message
