"""Methods keep the promises about clips, controls break them, and the hand-made networks are what they say."""

import functools
import itertools

import pytest
import torch

from seewhy.domain.regions import Grid
from seewhy.registry import find_method
from seewhy.testing import video_promises as promises
from seewhy.testing.oracles import shapley
from seewhy.testing.video_networks import Product, RedDetector, RedMotion, any_order, red_patch, red_square

PIXELS = ["integrated-gradients", "input-x-gradient", "saliency", "blur-ig"]
LAYERS = ["grad-cam", "hires-cam", "layer-cam", "ablation-cam"]
PARTS = ["region-ablation", "kernel-shap", "permutation-shapley", "banzhaf", "lime"]
SHARES = ["exact-shapley", "kernel-shap", "permutation-shapley", "shapley-interactions"]
EVERY = [*PIXELS, *LAYERS, *PARTS, "occlusion"]
CONTROLS = ["centre-prior", "blurred-random", "random"]


def asked(check, name, *others):
    check(find_method(name), *others)


@pytest.mark.parametrize("name", EVERY)
def test_frames_of_a_still_clip_are_worth_the_same_where_order_cannot_matter(name):
    asked(promises.check_flat, name)


@pytest.mark.parametrize("name", [*PIXELS, *LAYERS, *PARTS])
def test_frames_take_their_values_along_where_order_cannot_matter(name):
    asked(promises.check_symmetric, name)


@pytest.mark.parametrize("name", EVERY)
def test_an_event_is_found_at_its_time_and_place(name):
    asked(promises.check_event, name)


def test_rise_finds_an_event_with_thousands_of_views():
    promises.check_event(find_method("rise"), {"samples": 3000}, frames=(1,))


@pytest.mark.parametrize("name", EVERY)
def test_a_later_event_is_found_later(name):
    asked(promises.check_shift, name)


@pytest.mark.parametrize("name", EVERY)
def test_both_halves_of_a_clip_shown_twice_count_alike(name):
    asked(promises.check_repeated, name)


@pytest.mark.parametrize("name", EVERY)
def test_at_half_speed_the_event_is_found_at_twice_the_time(name):
    asked(promises.check_half_speed, name)


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("name", [*LAYERS, "integrated-gradients"])
def test_a_frame_comes_back_at_its_time_through_a_layer_with_a_stride(name, stride):
    asked(promises.check_centred, name, stride)


@pytest.mark.parametrize("name", SHARES)
def test_shares_of_a_product_of_time_and_space_are_exact(name):
    asked(promises.check_product, name)


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
    expected = (frames * cells.sum() + cells * frames.sum()) / 2
    assert shapley(value, 6) == pytest.approx(expected.numpy(), rel=1e-5)
    assert network.shapley().sum().item() == pytest.approx(network(torch.ones(1, 3, 4, 2, 2))[0, 1].item())


def test_motion_has_the_larger_share_where_motion_decides():
    promises.check_motion()


# -- the promises bite


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize(
    "check",
    [promises.check_event, promises.check_shift, promises.check_flat, promises.check_half_speed],
    ids=lambda check: check.__name__,
)
def test_a_control_keeps_no_promise(name, check):
    with pytest.raises(AssertionError):
        check(find_method(name))


def test_half_of_a_removal_is_no_share():
    with pytest.raises(AssertionError, match="is not"):
        promises.check_product(find_method("region-ablation"))


def test_cells_that_are_not_centred_are_noticed():
    with pytest.raises(AssertionError, match="through a stride of 2"):
        promises.check_centred(find_method("region-ablation"), 2, {"regions": Grid(4)})


def test_a_measure_that_takes_everything_for_motion_is_noticed():
    with pytest.raises(AssertionError, match=r"share of motion is 1\.00"):
        promises.check_motion(lambda network, clip, target: 1.0)


# -- the networks


def test_the_networks_answer_what_they_say():
    still, moving = (red_square(moving=moves)[None] for moves in (False, True))
    event = red_patch(3)[None]
    with torch.no_grad():
        assert RedMotion()(still)[0, 1] == 0
        assert RedMotion()(moving).argmax() == 1
        for clip in (event, event[:, :, promises.SEQUENCE], event.flip(3), event.flip(4)):
            assert torch.equal(RedDetector()(clip), RedDetector()(event))
        clip = torch.rand(1, 3, 8, 16, 16, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(any_order()(clip), any_order()(clip[:, :, promises.SEQUENCE]), atol=1e-6)
    assert RedDetector()(event).argmax() == 1
    assert RedDetector()(torch.cat([event[:, :, :3], event[:, :, 4:]], dim=2)).argmax() == 0
