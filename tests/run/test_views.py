"""A clip in several views: one explanation whose score and map are the means that the model's users would form."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import seewhy
from inputs.little_videos import moving_square
from run.clip_networks import Small
from seewhy import Clip, Pace, Preprocess
from seewhy.errors import BadOption, BadPixels

WIDE = np.zeros((12, 4, 10, 3), np.uint8)  # crops of 4 x 4 at 0, 3 and 6; three overlap pairwise in one column
WIDE[..., 0] = (20 * np.arange(10))[None, None, :]
WANTS = replace(Preprocess.of(size=4, crop_pct=1.0, mean=0.0, std=1.0), pace=Pace(3))


class Total(torch.nn.Module):
    """Class 1 is the sum of all red, so each pixel is worth its own red; class 0 is nothing."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(()))

    def forward(self, clips):
        red = self.gain * clips[:, 0].sum((1, 2, 3))
        return torch.stack([torch.zeros_like(red), red], dim=1)


def explained(network=None, clip=None, views="2x3", **asked):
    asked = {"method": "input-x-gradient", "target": 1, "preprocess": WANTS, "scale": "logit", **asked}
    return seewhy.explain(network or Total(), clip or Clip(WIDE, fps=6), views=views, **asked)


def test_each_place_is_worth_what_the_views_that_saw_it_say():
    found = explained()
    red = 20 * np.arange(10) / 255
    heat = found.heatmap()
    assert heat.shape == (6, 4, 10)
    assert np.allclose(heat, red, atol=1e-6)  # crops overlap in columns 3 and 6: their mean, not their sum
    assert found.geometry.time.shown == (1, 3, 5, 7, 9, 11)
    assert found.times.tolist() == pytest.approx([1 / 6, 0.5, 5 / 6, 7 / 6, 1.5, 11 / 6])
    each = [3 * 4 * red[start : start + 4].sum() for start in (0, 3, 6)]
    assert found.target.score == pytest.approx(np.mean(each), rel=1e-5)
    assert (found.origin.views, found.cost.forward, found.cost.backward) == ("2x3", 12, 6)


def test_what_no_view_saw_is_not_seen():
    wider = np.concatenate([WIDE, WIDE], axis=2)  # 20 columns: crops at 0, 8 and 16
    found = explained(clip=Clip(wider, fps=6), views="1x3")
    heat = found.heatmap()
    assert "nan" not in found.summary()
    assert len(list(found.film())) == 3
    seen = np.isfinite(heat).all(axis=(0, 1))
    assert np.flatnonzero(~seen).tolist() == [4, 5, 6, 7, 12, 13, 14, 15]
    assert np.allclose(heat[..., seen], wider[0, 0, seen, 0] / 255, atol=1e-6)


def test_stretches_of_time_keep_the_cells_of_the_map():
    torch.manual_seed(0)
    clip, wants = Clip(moving_square(24, (16, 16), 6), fps=12), replace(WANTS, pace=Pace(4))
    network, asked = Small(), {"method": "grad-cam", "layer": "deep", "preprocess": wants}
    whole = explained(network, clip, "3x1", **asked)
    each = explained(network, clip.views(clips=3), None, **asked)
    assert np.array_equal(whole.values, np.concatenate([one.values for one in each]))
    assert whole.target.score == pytest.approx(np.mean([one.target.score for one in each]))
    assert len(list(whole.film())) == 12
    assert "views" in [check.name for check in whole.checks]


def test_probabilities_are_averaged_and_decide_what_is_explained():
    class Shy(torch.nn.Module):
        """Sure of class 2 in the first half of the time, in doubt between 0 and 1 in the second."""

        def forward(self, clips):
            late = (clips[:, 0].mean((1, 2, 3)) > 0.5).float()[:, None]
            return (1 - late) * torch.tensor([0.0, 0.0, 3.0]) + late * torch.tensor([5.0, 4.9, -20.0])

    frames = np.zeros((8, 4, 4, 3), np.uint8)
    frames[4:] = 255
    found = explained(Shy(), Clip(frames), "2x1", target=None, scale=None, method="occlusion", window=4, stride=4)
    early = np.exp([0, 0, 3]) / np.exp([0, 0, 3]).sum()
    late = np.exp([5, 4.9, -20]) / np.exp([5, 4.9, -20]).sum()
    mean = (early + late) / 2
    assert found.prediction.index == found.target.index == int(mean.argmax()) == 2
    assert found.prediction.probability == pytest.approx(mean[2], rel=1e-5)
    assert found.target.score == pytest.approx(mean[2], rel=1e-5)  # logits would have chosen class 0
    told = next(check.message for check in found.checks if check.name == "views")
    assert "probabilities are averaged" in told
    assert "50% of the views" in told


def test_error_bars_of_views_that_overlap_are_averaged_as_their_maps_are():
    asked = {"method": "smooth-grad", "samples": 8, "noise": 0.1, "target": 1}
    crops = [explained(clip=Clip(WIDE, crop=place), views=None, **asked) for place in ("first", "centre", "last")]
    found = explained(views="1x3", **asked)
    for name in ("values", "stderr"):
        joined, one, two = (getattr(each, name) for each in (found, *crops[:2]))
        assert np.allclose(joined[:, :, 3], (one[:, :, 3] + two[:, :, 0]) / 2, rtol=1e-4)
        assert np.allclose(joined[:, :, :3], one[:, :, :3], rtol=1e-4)


def test_an_explanation_of_views_is_drawn_told_and_saved(tmp_path):
    found = explained(views="2x3", method="kernel-shap", regions=seewhy.Grid(2), samples=40, scale=None)
    assert found.parts is None
    assert found.summary()
    assert found.overlay().size
    found.save_film(tmp_path / "film.gif")
    loaded = seewhy.Explanation.load(found.save(tmp_path / "saved"))
    assert loaded.origin.views == "2x3"
    assert np.array_equal(loaded.heatmap(), found.heatmap(), equal_nan=True)


def test_a_list_of_clips_has_one_explanation_each_and_a_known_price():
    clips = [Clip(WIDE), Clip(WIDE[::-1].copy())]
    found = explained(clip=clips, views="2x1", checks="quick")
    assert [one.origin.views for one in found] == ["2x1", "2x1"]
    bill = seewhy.cost(Total(), clips, method="input-x-gradient", preprocess=WANTS, views="2x1")
    assert bill.total.calls == found.cost.calls


@pytest.mark.parametrize(
    ("views", "clip", "error", "words"),
    [
        ("twice", Clip(WIDE), BadOption, "are no views"),
        ("2x2", Clip(WIDE), BadOption, "are no views"),
        ("0x1", Clip(WIDE), BadOption, "are no views"),
        ("2x1", Clip(WIDE, times=(0, 3, 5)), BadOption, "times choose the frames"),
        ("2x1", "photo:cat", BadPixels, "cannot be seen in 2x1 views"),
    ],
)
def test_what_cannot_be_seen_in_views_is_refused(views, clip, error, words):
    with pytest.raises(error, match=words):
        explained(clip=clip, views=views)


def test_regions_of_certain_frames_do_not_fit_other_stretches():
    with pytest.raises(BadOption, match="given for certain frames"):
        explained(views="2x1", method="exact-shapley", regions=seewhy.Given(np.zeros((3, 4, 10), int)))
