"""Clips reach a network in the order that it wants: said, known of its family, or found by trying."""

import pytest
import torch

import seewhy
from models.video_networks import ChannelsFirst, FramesFirst, TwoPathways
from seewhy.errors import BadOption, ModelFailed
from seewhy.models.adapt import adapt
from seewhy.models.clip_order import slow_frames
from seewhy.testing.tiny_models import pictures

CLIPS = pictures(2, 3, 8, 16, 16)


def built(kind, head=None):
    torch.manual_seed(0)
    return kind(torch.nn.Identity() if head is None else head).eval()


def explained(thing, **how):
    wants = {"preprocess": seewhy.Preprocess.plain(), "checks": "quick", "target": 1, **how}
    takes = wants.pop("takes", None)
    return seewhy.explain(adapt(thing, takes=takes, preprocess=wants.pop("preprocess")), CLIPS, **wants)


@pytest.mark.parametrize("method", ["saliency", "grad-cam"])
def test_the_same_network_either_way_round_has_the_same_map(method):
    one, other = (explained(built(kind), method=method)[0] for kind in (FramesFirst, ChannelsFirst))
    torch.testing.assert_close(torch.tensor(one.values), torch.tensor(other.values))


@pytest.mark.parametrize("kind", [FramesFirst, ChannelsFirst])
def test_a_function_is_tried_like_a_network(kind):
    network, options = built(kind), {"regions": seewhy.Grid(2), "baseline": "black"}
    inside = explained(network, method="region-ablation", **options)
    outside = explained(lambda clips: network(clips).detach(), method="region-ablation", **options)
    for one, other in zip(inside, outside, strict=True):
        torch.testing.assert_close(torch.tensor(one.values), torch.tensor(other.values), rtol=1e-4, atol=1e-6)


def test_an_order_that_is_said_is_kept_and_not_tried():
    def proud(clips):
        assert clips.shape[1:] == (8, 3, 16, 16)
        return clips.mean((2, 3, 4))[:, :3]

    assert explained(proud, takes="frames", method="region-ablation", regions=seewhy.Grid(2))[0].values.any()
    with pytest.raises(ModelFailed, match="AssertionError"):
        adapt(proud, takes="tensor")(CLIPS)


def test_a_word_that_is_no_order_is_refused():
    with pytest.raises(BadOption, match="cannot take 'sideways'"):
        adapt(built(FramesFirst), takes="sideways")


def test_a_network_that_fits_no_order_fails_with_its_own_words_and_a_way_out():
    wrong = torch.nn.Sequential(torch.nn.Conv3d(5, 3, 1), torch.nn.AdaptiveAvgPool3d(1), torch.nn.Flatten())
    with pytest.raises(ModelFailed, match="5 channels") as caught:
        adapt(wrong)(CLIPS)
    assert "'frames' for (n,t,c,h,w)" in caught.value.fix


def test_as_many_frames_as_channels_leave_a_doubt():
    model = adapt(built(FramesFirst))
    model.meet((3, 3, 16, 16))
    assert any("cannot be told" in doubt for doubt in model.doubts)
    said = adapt(built(FramesFirst), takes="frames")
    said.meet((3, 3, 16, 16))
    assert not any("cannot be told" in doubt for doubt in said.doubts)


# -- two pathways


@pytest.mark.parametrize("ratio", [2, 4, 8])
def test_the_ratio_of_two_pathways_is_found(ratio):
    torch.manual_seed(0)
    model = adapt(TwoPathways(ratio))
    model.meet((3, 16, 16, 16))
    assert (model.order.order, model.order.ratio) == ("pathways", ratio)


def test_the_slow_pathway_has_frames_from_the_first_to_the_last():
    assert slow_frames(32, 4).tolist() == [0, 4, 8, 13, 17, 22, 26, 31]
    assert slow_frames(8, 8).tolist() == [0]


def test_frames_that_only_the_slow_pathway_reads_are_the_only_ones_that_count():
    class Slow(torch.nn.Module):
        def forward(self, pathways):
            slow, _ = pathways
            return torch.stack([slow.mean((1, 2, 3, 4)), slow.pow(2).mean((1, 2, 3, 4))], 1)

    found = explained(Slow(), takes="pathways:4", method="saliency")[0]
    assert [bool(frame.any()) for frame in found.values] == [i in (0, 7) for i in range(8)]


def test_networks_that_fit_two_ratios_take_the_most_usual():
    class Late(torch.nn.Module):
        def forward(self, pathways):
            return torch.stack([path.mean((1, 2, 3, 4)) for path in pathways], 1)

    model = adapt(Late())
    model.meet((3, 16, 8, 8))
    assert model.order.ratio == 4
