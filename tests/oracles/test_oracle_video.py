"""Clips against values worked out by hand, or slowly: divided attention, pooled gradients, motion, times."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from models.video_networks import FAMILIES
from seewhy.domain.capability import Capability
from seewhy.domain.motion import motion_split
from seewhy.errors import BadOption, MissingCapability
from seewhy.models.adapt import adapt
from seewhy.models.divided import divided
from seewhy.models.layers import Reading
from seewhy.testing.tiny_models import pictures

T, H, W = 4, 3, 3


def explained(network, clip, method, **how):
    wants = {"target": 1, "checks": "quick", "scale": "logit", "preprocess": seewhy.Preprocess.plain(), **how}
    return seewhy.explain(network, clip[None], method=method, **wants)[0]


# -- attention divided into time and space


def token(t, y, x):
    """TimeSformer's order: the class token, then place by place, each from the first moment to the last."""
    return 1 + (y * W + x) * T + t


def over_time(weights: Tensor) -> Tensor:
    """Attention (places, T, T) over all tokens, by loops; the class token keeps to itself."""
    whole = torch.zeros(1 + T * H * W, 1 + T * H * W)
    whole[0, 0] = 1
    for y, x, to, of in itertools.product(range(H), range(W), range(T), range(T)):
        whole[token(to, y, x), token(of, y, x)] = weights[y * W + x, to, of]
    return whole


def over_space(weights: Tensor) -> Tensor:
    """Attention (T, 1 + places, 1 + places) over all tokens, by loops; the class token's copies are averaged."""
    whole = torch.zeros(1 + T * H * W, 1 + T * H * W)
    places = list(itertools.product(range(H), range(W)))
    for t in range(T):
        names = [0, *(token(t, y, x) for y, x in places)]
        for i, to in enumerate(names):
            for j, of in enumerate(names):
                whole[to, of] += weights[t, i, j] / (T if to == 0 else 1)
    return whole


@pytest.fixture(scope="module")
def timesformer():
    torch.manual_seed(3)
    network = FAMILIES["TimeSformer"].build().eval()
    with torch.no_grad():  # so that attention is anything but even
        for name, weights in network.named_parameters():
            if "qkv" in name:
                weights *= 12
    return network


@pytest.fixture(scope="module")
def caught(timesformer):
    """The raw attention of each call for one clip, heads averaged, and their gradients."""
    clip = pictures(1, 3, T, 24, 24)
    model = adapt(timesformer)
    model.meet(tuple(clip.shape[1:]))
    with model.borrowed(), model.watching(attention=True) as watch:
        score = model(clip)[0, 1]
        slopes = torch.autograd.grad(score, [call.weights for call in watch.attention])
    return clip[0], [call.weights.detach() for call in watch.attention], slopes


def by_loops(rows):
    return torch.tensor([[[rows[token(t, y, x)] for x in range(W)] for y in range(H)] for t in range(T)])


def test_rollout_of_divided_attention_is_the_product_over_time_and_space(timesformer, caught):
    clip, weights, _ = caught
    flow = torch.eye(1 + T * H * W)
    for i, call in enumerate(weights):
        whole = (over_space if i % 2 else over_time)(call.mean(1))
        flow = (whole + torch.eye(len(whole))) / 2 @ flow
    found = explained(timesformer, clip, "attention-rollout").values
    torch.testing.assert_close(torch.tensor(found), by_loops(flow[0]), rtol=1e-4, atol=1e-7)


def test_gradient_weighted_divided_attention_adds_up_what_each_group_gains(timesformer, caught):
    clip, weights, slopes = caught
    relevance = torch.eye(1 + T * H * W)
    for i, (call, slope) in enumerate(zip(weights, slopes, strict=True)):
        gain = (call * slope).relu().mean(1)
        whole = over_space(gain) if i % 2 else over_time(gain)
        whole[0] *= T if i % 2 else 0  # gains of copies add up; the class token gains nothing over time
        relevance = relevance + whole @ relevance
    found = explained(timesformer, clip, "gradient-attention").values
    torch.testing.assert_close(torch.tensor(found), by_loops(relevance[0]), rtol=1e-3, atol=1e-8)


def test_raw_divided_attention_is_that_of_the_last_block_over_time_and_space(timesformer, caught):
    clip, weights, _ = caught
    whole = over_space(weights[-1].mean(1)) @ over_time(weights[-2].mean(1))
    found = explained(timesformer, clip, "raw-attention").values
    torch.testing.assert_close(torch.tensor(found), by_loops(whole[0]), rtol=1e-4, atol=1e-7)


def test_attention_over_all_tokens_moves_values_as_the_network_does():
    """TimeSformer's own way: repeat the class token for each frame, attend, and average its copies."""
    draw = torch.Generator().manual_seed(0)
    reading, rows = Reading("tokens", (T, H, W), 1, time_last=True), torch.rand(1 + T * H * W, 5, generator=draw)
    weights = torch.rand(T, 1 + H * W, 1 + H * W, generator=draw).softmax(-1)
    patches = rows[1:].unflatten(0, (H * W, T)).transpose(0, 1)
    moved = weights @ torch.cat([rows[:1].expand(T, 1, -1), patches], dim=1)
    expected = torch.cat([moved[:, :1].mean(0), moved[:, 1:].transpose(0, 1).flatten(0, 1)])
    step = divided("space", 1, reading, len(rows))
    whole = step.fetched(torch.eye(len(rows))[None], weights[None])[0]
    torch.testing.assert_close(whole @ rows, expected)


def test_methods_that_need_attention_over_all_tokens_say_so(timesformer):
    model = adapt(timesformer, preprocess=seewhy.Preprocess.plain())
    for method in ("legrad", "token-tm", "attention-x-value-norm"):
        with pytest.raises(MissingCapability, match="divided into time and space"):
            seewhy.explain(model, pictures(1, 3, T, 24, 24), method=method, target=1)
    assert Capability.TOKENS in model.missing


# -- where Grad-CAM averages


class Moments(nn.Module):
    """Frames seen by one channel each of red and green, and a head that adds frame 2 and takes frame 5 away."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 2, 1, bias=False)
        self.look.weight.data = torch.eye(3)[:2, :, None, None]
        self.signs = nn.Parameter(torch.tensor([0.0, 0, 1, 0, 0, -1, 0, 0]))

    def forward(self, clips: Tensor) -> Tensor:
        red = self.look(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])[:, :, 0].mean((2, 3))
        score = (red * self.signs).sum(1)
        return torch.stack([torch.zeros_like(score), score], 1)


CLIP = pictures(1, 3, 8, 6, 6)[0]


def test_averaged_over_all_moments_opposite_frames_cancel():
    found = explained(Moments(), CLIP, "grad-cam", layer="look", pool="clip", sign="both")
    assert np.abs(found.values).max() < 1e-7


@pytest.mark.parametrize("pool", ["auto", "frame"])
def test_averaged_at_each_moment_the_frames_that_count_come_back_with_their_signs(pool):
    found = explained(Moments(), CLIP, "grad-cam", pool=pool, sign="both")
    expected = torch.zeros(8, 6, 6)
    expected[2], expected[5] = CLIP[0, 2] / 36, -CLIP[0, 5] / 36
    torch.testing.assert_close(torch.tensor(found.values), expected)
    told = [check.message for check in found.checks if check.name == "choice"]
    assert len(told) == (pool == "auto")
    assert all("more than sum moments" in words for words in told)


class Pooled(nn.Module):
    """A convolution, and the mean over time and space weighed for two classes."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.look, self.head = nn.Conv3d(3, 4, 3, (2, 1, 1), 1), nn.Linear(4, 2)

    def forward(self, clips: Tensor) -> Tensor:
        return self.head(self.look(clips).mean((2, 3, 4)))


@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++"])
def test_where_only_the_mean_is_read_both_averages_are_the_same(method):
    either = [explained(Pooled(), CLIP, method, pool=pool, sign="both").values for pool in ("clip", "frame", "auto")]
    if method == "grad-cam":
        np.testing.assert_allclose(either[0], either[1], rtol=1e-4, atol=1e-8)
    np.testing.assert_array_equal(either[0], either[2])


def test_grad_cam_plus_plus_at_each_moment_is_that_of_each_moment_alone():
    network = Moments()
    found = explained(network, CLIP, "grad-cam++", layer="look", pool="frame", sign="both").values
    slope, seen = 1 / 36, CLIP[0, 2]
    alpha = slope**2 / (2 * slope**2 + seen.sum() * slope**3)  # eq. 19, with the same slope at all places
    torch.testing.assert_close(torch.tensor(found[2]), 36 * alpha * slope * seen, rtol=1e-4, atol=1e-8)
    assert not found[5].any()  # negative slopes count for nothing


def test_an_unknown_way_to_pool_is_refused():
    with pytest.raises(BadOption, match="pool='time' is not possible"):
        explained(Pooled(), CLIP, "grad-cam", pool="time")


def test_cam_of_a_clip_is_the_class_row_over_the_last_volume():
    """Saliency tubes (Stergiou et al. 2019): the features weighed by the row of the linear layer, time included."""
    network = Pooled()
    with torch.no_grad():
        volume = torch.einsum("k,kthw->thw", network.head.weight[1], network.look(CLIP[None])[0])
    found = explained(network, CLIP, "cam", sign="both")
    assert found.values.shape == (4, 6, 6)
    torch.testing.assert_close(torch.tensor(found.values), volume, rtol=1e-4, atol=1e-6)


def test_fem_of_a_clip_takes_mean_and_deviation_over_time_and_space():
    network = Pooled()
    with torch.no_grad():
        volume = network.look(CLIP[None])[0].double()
    means, spreads = volume.mean((1, 2, 3)), volume.std((1, 2, 3), correction=0)
    strong = volume > (means + spreads)[:, None, None, None]
    expected = (means.clamp(min=0)[:, None, None, None] * strong).sum(0)
    found = explained(network, CLIP, "fem", deviations=1.0)
    torch.testing.assert_close(torch.tensor(found.values).double(), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("method", ["grad-cam++", "hires-cam", "layer-cam"])
def test_cams_of_a_clip_weigh_every_place_in_time_and_space_by_hand(method):
    """Behind a mean and a linear layer each place of channel k has the slope w(k) / (t h w)."""
    network = Pooled()
    with torch.no_grad():
        volume, row = network.look(CLIP[None])[0].double(), network.head.weight[1].double()
    slope, count = row / volume[0].numel(), volume[0].numel()
    plus = slope**2 / (2 * slope**2 + volume.sum((1, 2, 3)) * slope**3) * slope.relu() * count  # eqs. 10 and 19
    weights = {"grad-cam++": plus, "hires-cam": slope, "layer-cam": slope.relu()}[method]
    found = explained(network, CLIP, method, sign="both")
    assert found.values.shape == (4, 6, 6)
    expected = torch.einsum("k,kthw->thw", weights, volume)
    torch.testing.assert_close(torch.tensor(found.values).double(), expected, rtol=1e-3, atol=1e-7)


class Voxels(nn.Module):
    """A weighted sum of voxels: late and on the right counts for, early and on the left against."""

    def forward(self, clips: Tensor) -> Tensor:
        return (clips.mean(1) * self.weights(clips)).sum((1, 2, 3))[:, None] * torch.tensor([0.0, 1.0])

    @staticmethod
    def weights(clips: Tensor) -> Tensor:
        t, _, w = clips.shape[2:]
        return (torch.linspace(-1, 1, t)[:, None, None] + torch.linspace(-1, 1, w)) / clips[0, 0].numel()


@pytest.mark.parametrize("method", ["partition-shapley", "kernel-shap", "lime"])
def test_supervoxels_share_a_sum_over_voxels_as_their_voxels_do(method):
    clip = pictures(1, 3, 4, 12, 12)[0]
    found = explained(Voxels(), clip, method, regions="supervoxels:6", baseline="black", samples=256)
    labels, voxels = torch.from_numpy(found.parts.labels), clip.mean(0) * Voxels.weights(clip[None])
    expected = [float(voxels[labels == part].sum()) for part in range(len(found.parts.values))]
    assert len(expected) >= 4
    if method == "lime":  # a ridge and weights of samples pull values towards zero, none across another
        assert np.corrcoef(found.parts.values, expected)[0, 1] > 0.95
    else:
        np.testing.assert_allclose(found.parts.values, expected, atol=1e-4)


def test_rise_of_a_clip_hides_soft_places_that_come_and_go():
    """Cells of two moments and two by two places: a voxel late and on the right is worth more than its opposite."""
    found = explained(Voxels(), torch.ones(3, 4, 12, 12), "rise", cells=(2, 2, 2), samples=400, baseline="black")
    assert found.values.shape == (4, 12, 12)
    assert (np.abs(np.diff(found.values, axis=0)) > 0).mean() > 0.9  # soft in time as well as in space
    assert found.values[-1, :, -1].mean() > found.values[0, :, 0].mean() + 2 * found.stderr.max()


# -- in time


@pytest.mark.parametrize("method", ["saliency", "layer-cam", "hires-cam", "grad-cam"])
def test_a_still_clip_before_a_network_blind_to_order_has_a_flat_curve(method):
    class Blind(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.look, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 2)

        def forward(self, clips: Tensor) -> Tensor:
            seen = self.look(clips.transpose(1, 2).flatten(0, 1)).relu().mean((2, 3))
            return self.head(seen.unflatten(0, (len(clips), -1)).mean(1))

    torch.manual_seed(0)
    still = CLIP[:, :1].expand(-1, 8, -1, -1)
    curve = explained(Blind(), still, method).values.sum((1, 2))
    assert curve.any()
    np.testing.assert_allclose(curve, curve[0], rtol=1e-4)


@pytest.mark.parametrize("frame", range(8))
def test_an_event_comes_back_at_its_time_whatever_the_stride(frame):
    torch.manual_seed(0)
    network = Pooled()
    nn.init.constant_(network.look.weight, 1 / 81)
    nn.init.zeros_(network.look.bias)
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[0.0] * 4, [1.0] * 4]))
    clip = torch.zeros(3, 8, 6, 6)
    clip[:, frame, 2:4, 2:4] = 1
    curve = explained(network, clip, "grad-cam").heatmap().sum((1, 2))
    centre = (curve * np.arange(8)).sum() / curve.sum()
    assert abs(centre - frame) <= 1, "off by more than half a stride"


def test_how_far_a_cell_looks_is_measured():
    twice = nn.Sequential(
        nn.Conv3d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv3d(4, 4, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(4, 2),
    )  # fmt: skip
    found = explained(twice, pictures(1, 3, 12, 6, 6)[0], "grad-cam")
    assert (found.layer.step, found.layer.reach) == (1, 5)  # two kernels of three frames
    told = next(check.message for check in found.checks if check.name == "layer")
    assert "one cell stands for 1 frame and was computed from about 5" in told
    frames = explained(Moments(), CLIP, "grad-cam").layer
    assert (frames.step, frames.reach) == (1, 1)


def test_occlusion_of_a_clip_asks_in_parts_and_has_the_map_of_whole_clips():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv3d(3, 6, (3, 5, 5), (1, 2, 2), (1, 2, 2)), nn.BatchNorm3d(6), nn.ReLU(),
        nn.Conv3d(6, 6, 3, padding=1, groups=6), nn.Conv3d(6, 12, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(12, 3),
    ).eval()  # fmt: skip
    clip, options = pictures(1, 3, 8, 40, 40)[0], {"window": 4, "stride": 4, "baseline": "black"}
    found = explained(network, clip, "occlusion", **options)
    assert found.origin.ran["incremental"] >= 200
    slow = explained(lambda clips: network(clips), clip, "occlusion", **options)
    assert "incremental" not in slow.origin.ran
    np.testing.assert_allclose(found.values, slow.values, rtol=1e-3, atol=1e-3 * np.abs(slow.values).max())


# -- motion


def moving(step: int) -> np.ndarray:
    values = np.zeros((8, 16, 24), np.float32)
    for t in range(8):
        values[t, 4:8, 4 + step * t : 6 + step * t] = 1
    return values


def test_what_stands_still_is_appearance_and_what_moves_is_motion():
    still, fast = motion_split(moving(0)), motion_split(moving(2))
    assert still.share == 0
    assert not still.motion.any()
    assert fast.share > 0.9
    np.testing.assert_array_equal(fast.motion + fast.appearance, moving(2))


def test_a_moving_and_a_still_thing_are_told_apart():
    both = moving(2)
    both[:, 12:15, 4:9] = 1  # above the still thing nothing moves
    split = motion_split(both)
    assert not split.motion[:, 12:].any()
    assert not split.appearance[:, 4:8].any()
    assert split.moving == 8 * 8
    assert split.whole == 8 * (8 + 15)


def test_the_change_is_that_of_the_smoothed_map_by_hand():
    values = pictures(1, 5, 4, 3)[0].numpy()
    wide = np.pad(values.astype(np.float64), 1, mode="edge")
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    smooth = np.zeros((5, 4, 3))
    for t, y, x in itertools.product(range(5), range(4), range(3)):
        smooth[t, y, x] = (kernel * wide[t + 1, y : y + 3, x : x + 3]).sum()
    change = np.empty_like(smooth)
    change[0], change[-1] = smooth[1] - smooth[0], smooth[-1] - smooth[-2]
    change[1:-1] = (smooth[2:] - smooth[:-2]) / 2
    split = motion_split(values, deviations=1.5)
    assert split.in_time == pytest.approx(np.abs(change).mean())
    assert split.threshold == pytest.approx(1.5 * np.abs(change).std())
    np.testing.assert_array_equal(split.motion != 0, np.abs(change) > split.threshold)


def test_the_clip_has_no_motion_at_its_ends_that_it_has_not_elsewhere():
    """Padding with zeros in time would make the first and last frame of every map move."""
    values = np.repeat(pictures(1, 1, 6, 6)[0].numpy(), 5, axis=0)
    assert motion_split(values, deviations=0.1).share == 0


def test_backwards_the_same_moves():
    values = pictures(1, 6, 5, 5)[0].numpy()
    one, other = motion_split(values), motion_split(values[::-1])
    np.testing.assert_array_equal(one.motion, other.motion[::-1])
    assert one.share == pytest.approx(other.share)


def test_every_explanation_of_a_clip_tells_its_motion_share_with_its_numbers():
    found = explained(Pooled(), CLIP, "saliency")
    split = found.motion()
    assert str(split) in found.summary()
    assert f"Motion share {split.share:.0%}" in str(split)
    assert split.whole == pytest.approx(float(np.abs(found.values).sum()))


def test_a_map_with_a_single_moment_has_no_motion_to_tell():
    with pytest.raises(BadOption, match="no two moments"):
        motion_split(np.ones((1, 4, 4), np.float32))
    photo = seewhy.explain(lambda images: images.mean((2, 3)), torch.rand(3, 8, 8), method="occlusion", window=4)
    assert "Motion share" not in photo.summary()
