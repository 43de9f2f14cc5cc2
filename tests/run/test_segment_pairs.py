"""Which segments matter together, on games whose interactions are known."""

import json

import numpy as np
import pytest
import torch

import seewhy
from seewhy.errors import BadPixels

PLAIN = seewhy.Preprocess.plain()


def product(clips):
    """A product of two moments and a sum with a third."""
    red = clips[:, 0].mean((2, 3))
    score = 3 * red[:, 1] * red[:, 6] + 2 * red[:, 9]
    return torch.stack([score, torch.zeros_like(score)], dim=1)


def test_a_product_of_two_moments_is_one_pair_and_a_sum_none():
    found = seewhy.segment_pairs(product, torch.ones(3, 12, 4, 4), preprocess=PLAIN, baseline="black", scale="logit")
    best, *others = found.pairs
    assert (best.first, best.second) == ((0.0, 2.0), (6.0, 8.0))
    assert best.value == pytest.approx(3, abs=1e-4)
    assert best.band == 0  # all 64 subsets were asked about
    assert [pair.value for pair in others] == pytest.approx([0] * 14, abs=1e-4)
    assert found.explanation.parts.values == pytest.approx([1.5, 0, 0, 1.5, 2, 0], abs=1e-4)
    assert "frame 1 to 2 and frame 7 to 8: +3 logit, more together than each by itself." in str(found)


def test_many_segments_are_sampled_and_have_a_band():
    found = seewhy.segment_pairs(
        product, torch.ones(3, 12, 4, 4), segments=12, preprocess=PLAIN, baseline="black", samples=300
    )
    assert found.pairs[0].band > 0
    assert json.loads(json.dumps(found.to_json()))["pairs"][0]["band"] == found.pairs[0].band


def test_times_of_segments_are_those_of_the_frames_that_the_model_saw():
    frames = np.full((24, 16, 16, 3), 255, np.uint8)
    wants = seewhy.Preprocess.of(size=8, mean=0.0, std=1.0, pace=seewhy.Pace(12))
    found = seewhy.segment_pairs(
        product, seewhy.Clip(frames, fps=12), segments=3, preprocess=wants, baseline="black", scale="logit"
    )
    starts = {pair.first[0] for pair in found.pairs} | {pair.second[0] for pair in found.pairs}
    assert sorted(starts) == pytest.approx([1 / 12, 9 / 12, 17 / 12])


def test_a_photo_has_no_segments():
    with pytest.raises(BadPixels, match="is no clip"):
        seewhy.segment_pairs(lambda x: x.mean((2, 3)), torch.rand(3, 8, 8), preprocess=PLAIN)
