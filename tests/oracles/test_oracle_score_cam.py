"""Score-CAM channel by channel in plain Python, what its groups cost and keep, and when it asks."""

import math

import numpy as np
import pytest
import torch
from known_networks import SeesOneQuadrant
from test_oracle_cams import IMAGE, Pooled
from torch.nn import functional

import seewhy
from seewhy.engine.features import alike, feature_masks

BLACK = seewhy.Colour(0.0)


def score_cam(network, target=1, **options):
    asked = {"layer": "features", "target": target, "scale": "logit", "sign": "both", "baseline": BLACK}
    return seewhy.explain(network, IMAGE, method="score-cam", **{**asked, **options})


def by_hand(network, target, fill):
    """Wang et al. 2020, algorithm 1, with the score of the baseline subtracted, one channel after the other."""
    with torch.no_grad():
        features = network.features(IMAGE[None])[0]
        empty, scores = float(network(fill[None])[0, target]), []
        for channel in features:
            mask = functional.interpolate(channel[None, None], IMAGE.shape[1:], mode="bilinear")[0, 0]
            mask = (
                (mask - mask.min()) / (mask.max() - mask.min()) if mask.max() > mask.min() else torch.zeros_like(mask)
            )
            seen = mask * IMAGE + (1 - mask) * fill
            scores.append(float(network(seen[None])[0, target]) - empty)
    weights = [math.exp(score) / sum(map(math.exp, scores)) for score in scores]
    return sum(weight * channel.double().numpy() for weight, channel in zip(weights, features, strict=True))


@pytest.mark.parametrize("build", [Pooled, SeesOneQuadrant])
@pytest.mark.parametrize("target", [0, 1, 2])
def test_score_cam_is_the_published_algorithm_and_the_subtracted_baseline_cancels(build, target):
    network = build().eval()
    expected = by_hand(network, target, torch.zeros_like(IMAGE))
    np.testing.assert_allclose(score_cam(network, target).values, expected, rtol=1e-4, atol=1e-6)


def test_a_mean_colour_fills_what_a_mask_hides():
    network = Pooled().eval()
    fill = IMAGE.mean(dim=(1, 2), keepdim=True).expand_as(IMAGE)
    expected = by_hand(network, 1, fill)
    np.testing.assert_allclose(score_cam(network, baseline=seewhy.Mean()).values, expected, rtol=1e-4, atol=1e-6)


def test_one_call_per_channel_that_lives_and_as_many_as_groups():
    network = Pooled().eval()
    assert score_cam(network, layer="features.0").cost.forward == 1 + 5
    assert score_cam(network).cost.forward == 1 + 2 + 1  # behind the ReLU three channels are zero: asked once
    assert score_cam(network, groups=3).cost.forward == 1 + 3
    declared = seewhy.cost(network, IMAGE, method="score-cam", layer="features", groups=3)
    assert declared.methods["score-cam"].forward == 1 + 3


def test_as_many_groups_as_channels_change_nothing():
    network = SeesOneQuadrant().eval()
    np.testing.assert_allclose(score_cam(network, groups=8).values, score_cam(network).values, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(score_cam(network, groups=99).values, score_cam(network).values, rtol=1e-4, atol=1e-6)


def test_channels_that_look_alike_are_one_group_whatever_their_size():
    one, other = torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(0))
    groups = alike(torch.stack([one, 3 * other, 5 * one + 1, other / 7, torch.zeros(6, 6)]), 3).tolist()
    assert groups[0] == groups[2]
    assert groups[1] == groups[3]
    assert len(set(groups)) == 3


def test_masks_are_scaled_after_they_are_enlarged_and_come_in_blocks():
    features = torch.randn(7, 4, 4, generator=torch.Generator().manual_seed(1))
    features[3] = 2.0
    blocks = [masks for _, masks in feature_masks(features, (16, 16), 3)]
    assert [len(block) for block in blocks] == [3, 3, 1]
    masks = torch.cat(blocks)
    assert not masks[3].any()  # a flat channel shows nothing
    alive = [0, 1, 2, 4, 5, 6]
    assert torch.equal(masks[alive].flatten(1).amin(dim=1), torch.zeros(6))
    assert torch.equal(masks[alive].flatten(1).amax(dim=1), torch.ones(6))
