"""The levels about clips: controls and mistakes are caught, and the hand-made networks are what the levels say."""

import functools
import itertools

import pytest
import torch

import seewhy
from seewhy.domain.regions import Grid
from seewhy.provable.claims import CLAIMS
from seewhy.provable.expected import expected
from seewhy.provable.level import levels
from seewhy.provable.levels import clips
from seewhy.provable.networks import Formula, HalfMasked
from seewhy.testing.oracles import shapley
from seewhy.testing.tiny_models import pictures, seeded
from seewhy.testing.video_networks import Product, RedDetector, RedMotion, any_order, red_patch, red_square

PLAIN = seewhy.Preprocess.plain()
ORDER = [5, 2, 7, 0, 3, 6, 1, 4]


def gradient(network, clips, targets):
    """Image times gradient; tiny differences in space and time are all its own."""
    asked = clips.clone().requires_grad_()
    score = network(asked)[range(len(clips)), targets].sum()
    return asked.detach() * torch.autograd.grad(score, asked)[0]


def a_frame_late(network, clips, targets):
    return gradient(network, clips, targets).roll(1, dims=2)


def fading(network, clips, targets):
    return gradient(network, clips, targets) * torch.linspace(1.5, 0.5, clips.shape[2])[:, None, None]


def mirrored(network, clips, targets):
    return gradient(network, clips, targets).flip(3)


def backwards(network, clips, targets):
    return gradient(network, clips, targets).flip(2)


def in_the_middle(network, clips, targets):
    maps = torch.zeros_like(clips[:, 0])
    maps[:, clips.shape[2] // 2] = 1
    return maps


WRONG = [
    (fading, "still clip"),
    (a_frame_late, "frames exchanged"),
    (mirrored, "time and place"),
    (backwards, "time and place"),
    (fading, "later event"),
    (fading, "clip repeated"),
    (in_the_middle, "half speed"),
    (a_frame_late, "steps centred"),
    (in_the_middle, "motion rule"),
]


def test_a_right_explainer_of_clips_holds_all_of_them():
    found = seewhy.conformance(gradient, claims=["timely", "motion"], levels="claimed")
    assert found.holds, found.failed
    assert [one.code for one in found.outcomes] == [f"V{i}" for i in range(1, 10)]


@pytest.mark.parametrize(("explainer", "level"), WRONG)
def test_a_mistake_in_time_fails_the_level_about_it(explainer, level):
    (found,) = seewhy.conformance(explainer, claims=["timely", "motion"], levels=[level]).outcomes
    assert found.status == "fails", found


def test_what_shows_nothing_of_a_look_in_a_still_frame_fails():
    def only_what_moves(network, clips, targets):
        change = torch.zeros_like(clips)
        change[:, :, 1:] = clips[:, :, 1:] - clips[:, :, :-1]
        return change.abs()

    (found,) = seewhy.conformance(only_what_moves, claims=["motion"], levels=["appearance rule"]).outcomes
    assert found.status == "fails"


@pytest.mark.parametrize("name", ["random", "blurred-random", "centre-prior", "first-frames"])
def test_a_control_finds_no_event(name):
    found = seewhy.conformance(name, claims=["timely"], levels=["time and place", "later event", "half speed"])
    assert len(found.failed) == 3


def test_cells_of_several_frames_are_not_centred_on_a_frame():
    found = seewhy.conformance("region-ablation", claims=["timely"], levels=["steps centred"], regions=Grid(4))
    assert not found.holds


def test_the_claims_about_clips_are_words_that_people_can_look_up():
    assert {"timely", "motion"} <= CLAIMS.keys()
    assert all(level.claims for level in levels() if level.code.startswith("V"))


# -- the expected values


def test_the_shares_of_the_product_are_those_of_all_orders_of_arrival():
    network, parts = Product(), list(itertools.product(range(4), range(2), range(2)))
    chosen = [0, 3, 6, 9, 11, 14]  # of six players; the others are never there

    @functools.cache
    def value(present):
        clip = torch.zeros(1, 3, 4, 2, 2)
        for player in present:
            clip[(0, slice(None), *parts[chosen[player]])] = 1
        return network(clip)[0, 1].item()

    frames = torch.stack([network.frames[parts[i][0]] for i in chosen]).detach()
    cells = torch.stack([network.cells[parts[i][1:]] for i in chosen]).detach()
    shares = (frames * cells.sum() + cells * frames.sum()) / 2
    assert shapley(value, 6) == pytest.approx(shares.numpy(), rel=1e-5)


def test_all_coalitions_of_four_frames_and_four_cells_give_the_shares_of_the_closed_form():
    found = expected("shapley", Product(), torch.ones(3, 4, 2, 2), target=1)
    torch.testing.assert_close(found.float(), Product().shapley())


def test_the_network_of_the_level_has_the_shares_of_the_closed_form_too():
    frames, places = (worth / 4 for worth in clips.WORTH)  # it takes means over four
    a, b = frames[:, None].expand(4, 4), places.expand(4, 4)
    found = expected("shapley", Formula(clips.place_and_time), torch.ones(3, 4, 2, 2))
    torch.testing.assert_close(found.float().flatten(1), (a * b.sum() + b * a.sum()) / 2)


# -- the networks


def test_the_networks_answer_what_they_say():
    still, moving = (red_square(moving=moves)[None] for moves in (False, True))
    event = red_patch(3)[None]
    with torch.no_grad():
        assert RedMotion()(still)[0, 1] == 0
        assert RedMotion()(moving).argmax() == 1
        for clip in (event, event[:, :, ORDER], event.flip(3), event.flip(4)):
            assert torch.equal(RedDetector()(clip), RedDetector()(event))
        clip = torch.rand(1, 3, 8, 16, 16, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(any_order()(clip), any_order()(clip[:, :, ORDER]), atol=1e-6)
    assert RedDetector()(event).argmax() == 1
    assert RedDetector()(torch.cat([event[:, :, :3], event[:, :, 4:]], dim=2)).argmax() == 0


def test_the_masked_transformer_is_blind_to_the_second_half_of_the_time():
    network, seen = seeded(lambda: HalfMasked((16, 8, 8), axis=0)).eval(), pictures(1, 3, 16, 8, 8)
    changed = seen.clone()
    changed[:, :, 8:] = 0
    torch.testing.assert_close(network(seen), network(changed))
    assert not torch.allclose(network(seen), network(seen * 0.5))


# -- the table of edits


@pytest.mark.parametrize("moves", [True, False])
def test_motion_has_the_larger_share_where_motion_decides_and_freezing_turns_the_answer(moves):
    network = RedMotion() if moves else RedDetector()
    found = seewhy.motion(network.eval(), red_square(moving=True), target=1, preprocess=PLAIN, rounds=0)
    assert found.motion_share > 0.7 if moves else abs(found.motion_share) < 0.2
    assert found.row("single frames").flips == (8 if moves else 0)
