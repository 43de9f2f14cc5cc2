"""Games over time on networks whose answer is known: events, order, products, and frames that are really left out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from domain.made_clips import joined
from run.clip_networks import Event
from seewhy.errors import BadOption
from seewhy.testing.oracles import shapley
from seewhy.testing.tiny_models import pictures, tiny_cnn, tiny_vit


def asked(network, clip: Tensor, method: str, **options):
    """The explanation of one clip (c, t, h, w), asked about as it is."""
    options = {"target": 0, "checks": "quick", "scale": "logit", **options}
    (found,) = seewhy.explain(network, clip[None], method=method, **options)
    return found


def curve(network, clip: Tensor, method: str, **options) -> np.ndarray:
    found = asked(network, clip, method, **options)
    assert found.values.shape == (clip.shape[1], 1, 1)
    return found.values[:, 0, 0]


class Detector(nn.Module):
    """How well the best frame matches: the mean of a square place, the brightest frame counts."""

    def __init__(self, y: int = 4, x: int = 8) -> None:
        super().__init__()
        self.where = (slice(y, y + 4), slice(x, x + 4))

    def forward(self, clips: Tensor) -> Tensor:
        seen = clips[:, :, :, self.where[0], self.where[1]].mean((1, 3, 4))
        return torch.stack([seen.amax(dim=1), -seen.amax(dim=1)], dim=1) * 8


class OrderBlind(nn.Module):
    """Frames are looked at one by one, their features averaged: the order of frames cannot matter."""

    def __init__(self) -> None:
        super().__init__()
        self.eyes = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(4, 2)

    def forward(self, clips: Tensor) -> Tensor:
        frames = clips.transpose(1, 2)
        features = self.seen(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return self.joined(features) * 10

    def seen(self, frames: Tensor) -> Tensor:
        return self.eyes(frames)

    def joined(self, features: Tensor) -> Tensor:
        return self.head(features.mean(dim=1).tanh())


class Recurrent(OrderBlind):
    """The same eyes, and a recurrent head: order matters, the length is free."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = nn.GRU(4, 4, batch_first=True)

    def joined(self, features: Tensor) -> Tensor:
        return self.head(self.memory(features * 5)[0][:, -1])


class Shifting(OrderBlind):
    """The eyes see a part of the frame before: frames are not looked at alone, though they come one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.eyes = nn.Sequential(Mixing(), *self.eyes)

    def forward(self, clips: Tensor) -> Tensor:
        self.eyes[0].frames = clips.shape[2]
        return super().forward(clips)


class Mixing(nn.Module):
    frames = 1

    def forward(self, frames: Tensor) -> Tensor:
        clips = frames.unflatten(0, (-1, self.frames))
        return (0.5 * clips + 0.5 * clips.roll(1, dims=1)).flatten(0, 1)


def built(kind: type[nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind().eval()


CLIP = pictures(7, 3, 12, 12, seed=4).transpose(0, 1)  # every frame is another picture


class Rising(nn.Module):
    """How much brighter it becomes in the middle."""

    def forward(self, clips: Tensor) -> Tensor:
        level = clips.mean((1, 3, 4))
        rise = (level[:, 6] - level[:, 5]) * 10
        return torch.stack([rise, -rise], dim=1)


def event(at: int, frames: int = 12) -> Tensor:
    """A grey clip whose place lights up in one frame."""
    clip = 0.3 + 0.02 * pictures(1, 3, frames, 16, 16)[0]
    clip[:, at, 4:8, 8:12] = 1.0
    return clip


# -- which moment


@pytest.mark.parametrize("at", [0, 1, 5, 10, 11])
def test_the_moment_of_an_event_is_the_peak_wherever_it_is(at):
    values = curve(Detector(), event(at), "temporal-occlusion")
    assert values.argmax() == at
    assert (np.delete(values, at) < values[at] - 1e-3).all()
    assert np.flatnonzero(np.abs(values) > 0.02).tolist() == [t for t in range(12) if abs(t - at) <= 2]


@pytest.mark.parametrize("at", [1, 6, 10])
def test_an_event_is_found_in_its_segment_and_in_its_cell(at):
    found = asked(Detector(), event(at), "region-ablation", regions="segments:4", baseline="frozen").values
    assert found.ravel().argmax() == at // 3
    found = asked(Detector(), event(at), "region-ablation", regions="cuboids:4,4,4", baseline="interpolated").values
    assert np.unravel_index(found.argmax(), found.shape) == (at // 3, 1, 2)
    assert np.count_nonzero(np.abs(found) > 0.05) == 1


def test_a_clip_that_stands_still_has_no_moment():
    still = CLIP[:, 2:3].expand(3, 7, 12, 12)
    for network in (built(OrderBlind), tiny_cnn(3)):
        values = curve(network, still, "temporal-occlusion", window=1)
        if isinstance(network, OrderBlind):
            assert np.ptp(values) < 1e-5
        found = asked(network, still, "region-ablation", regions="frames", baseline="frozen").values
        assert np.abs(found).max() < 1e-5


def test_a_later_event_moves_the_curve_along():
    one, other = (curve(Detector(), event(at), "temporal-occlusion") for at in (4, 7))
    assert other[3:] == pytest.approx(one[:-3], abs=0.02)


def test_the_band_holds_all_three_fillers_and_their_mean_is_the_value():
    clip, whole = CLIP, float(built(OrderBlind)(CLIP[None])[0, 0])
    found = asked(built(OrderBlind), clip, "temporal-occlusion", window=2, stride=1)
    curves = []
    for baseline in (seewhy.Frozen(), seewhy.Interpolated(), seewhy.Blur()):
        drops = np.zeros((8, 7))
        for row, start in enumerate(range(-1, 7)):
            gone = [t for t in range(start, start + 2) if 0 <= t < 7]
            mask = torch.ones(1, *clip.shape[1:], dtype=torch.bool)
            mask[:, gone] = False
            drops[row, gone] = whole - float(built(OrderBlind)(baseline.shown(clip, mask))[0, 0])
        curves.append(drops.sum(axis=0) / 2)
    mean = np.mean(curves, axis=0)
    assert found.values[:, 0, 0] == pytest.approx(mean, abs=1e-5)
    assert found.band[:, 0, 0] == pytest.approx(np.abs(np.array(curves) - mean).max(axis=0), abs=1e-5)
    (told,) = [check.message for check in found.checks if check.name == "choice"]
    correlations = [np.corrcoef(a, b)[0, 1] for a, b in itertools.combinations(curves, 2)]
    assert f"They agree to {np.mean(correlations):.2f}" in told


def test_fillers_that_disagree_are_told_as_a_warning():
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2 - 0.5
    levels = torch.tensor([0.2, 0.6, 0.3, 0.7, 0.2, 0.8, 0.3, 0.6])
    rising = torch.arange(8.0)

    def network(clips):  # motion counts the more the later, contrast the more the earlier
        level, contrast = clips.mean((1, 3, 4)), clips.std(dim=(1, 3, 4))
        moved = (level.diff(dim=1).abs() * rising[1:]).sum(dim=1)
        return (moved + 3 * (contrast * (7 - rising)).sum(dim=1))[:, None].expand(-1, 2)

    clip = (levels[:, None, None] + 0.3 * board).expand(3, 8, 8, 8)
    found = asked(network, clip, "temporal-occlusion")
    assert [check for check in found.checks if check.name == "note" and "fillers disagree" in check.message]


# -- products and symmetric games


class Product(nn.Module):
    """The product, over four cells of four frames, of one plus what lights up there."""

    gains = torch.tensor([[0.5, 0.0, 0.2, 0.0], [0.0, 1.0, 0.0, 0.0], [0.3, 0.0, 0.0, 0.8], [0.0, 0.4, 0.0, 0.1]])

    def forward(self, clips: Tensor) -> Tensor:
        lit = clips[:, 0].unflatten(3, (2, 4)).unflatten(2, (2, 4)).mean((3, 5)).flatten(2)
        return (1 + self.gains * lit).prod(dim=2).prod(dim=1)[:, None].expand(-1, 2)


def test_the_shapley_values_of_a_product_over_frames_and_over_cells_are_exact():
    clip, gains = torch.ones(1, 4, 8, 8), Product.gains.double().numpy()
    frames = asked(Product(), clip, "exact-shapley", regions="frames", baseline="black").values.ravel()
    expected = shapley(lambda s: float(np.prod([np.prod(1 + gains[t]) for t in s])), 4)
    assert frames == pytest.approx(expected, abs=1e-5)
    cells = asked(Product(), clip, "exact-shapley", regions="tubes:2", baseline="black").values.ravel()
    expected = shapley(lambda s: float(np.prod([np.prod(1 + gains[:, c]) for c in s])), 4)
    assert cells == pytest.approx(expected, abs=1e-5)
    both = asked(Product(), clip, "exact-shapley", regions="cuboids:2,2,2", baseline="black").values.ravel()
    joint = (1 + gains).reshape(2, 2, 4).prod(axis=1).ravel() - 1
    assert both == pytest.approx(of_product(joint), abs=1e-4)


def of_product(gains: np.ndarray) -> np.ndarray:
    """Shapley values of prod(1 + g_i): g_i times the mean over sizes of the mean product of so many others."""
    values = np.zeros(len(gains))
    for i, gain in enumerate(gains):
        others = np.zeros(len(gains))
        others[0] = 1.0  # elementary symmetric sums of the others
        for g in np.delete(gains, i):
            others[1:] = others[1:] + g * others[:-1]
        # a set of m others that all count is inside a random coalition of the others with probability 1 / (m + 1)
        values[i] = gain * sum(total / (m + 1) for m, total in enumerate(others))
    return values


def test_frames_that_are_alike_share_alike():
    clip = CLIP.clone()
    clip[:, 5] = clip[:, 1]
    values = curve(built(OrderBlind), clip, "frame-shapley")
    assert values[5] == pytest.approx(values[1], abs=1e-5)
    order = [3, 1, 0, 6, 5, 2, 4]
    assert curve(built(OrderBlind), clip[:, order], "frame-shapley") == pytest.approx(values[order], abs=1e-5)


# -- frames that are left out


@pytest.mark.parametrize("kind", [OrderBlind, Recurrent, Shifting])
def test_frame_shapley_is_the_mean_gain_over_all_shorter_clips(kind):
    network, mean = built(kind), CLIP.flatten(1).mean(dim=1).reshape(3, 1, 1, 1).expand(3, 1, 12, 12)

    def score(frames: frozenset[int]) -> float:
        clip = CLIP[:, sorted(frames)] if frames else mean
        with torch.no_grad():
            return float(network(clip[None])[0, 0])

    clip = CLIP[:, :5]
    mean = clip.flatten(1).mean(dim=1).reshape(3, 1, 1, 1).expand(3, 1, 12, 12)
    found = asked(network, clip, "frame-shapley")
    assert found.values[:, 0, 0] == pytest.approx(shapley(score, 5), abs=1e-5)
    assert found.sampling.stop == "exact"
    assert "any number" in " ".join(check.message for check in found.checks)


@pytest.mark.parametrize(("kind", "once"), [(OrderBlind, True), (Recurrent, True), (Shifting, False)])
def test_frames_looked_at_one_by_one_are_looked_at_once(kind, once):
    network = built(kind)
    asked(network, CLIP, "frame-shapley")
    eyes = []
    convolution = next(part for part in network.modules() if isinstance(part, nn.Conv2d))
    convolution.register_forward_hook(lambda *call: eyes.append(len(call[1][0])))
    found = asked(network, CLIP, "frame-shapley")
    assert (sum(eyes) < 10 * 7) == once  # 2^7 clips have 448 frames
    assert (found.cost.forward < 10) == once
    assert ("frames" in found.origin.ran) == once


def test_sampled_frame_shares_agree_with_the_exact_ones_within_their_band():
    network, clip = built(Recurrent), pictures(10, 3, 12, 12, seed=6).transpose(0, 1)
    exact = asked(network, clip, "frame-shapley", samples=2048)
    found = asked(network, clip, "frame-shapley", samples=200, tolerance=0)
    assert (exact.sampling.stop, found.sampling.stop) == ("exact", "samples")
    assert (np.abs(found.values - exact.values) <= found.band + 1e-6).mean() > 0.8
    assert found.values.sum() == pytest.approx(exact.values.sum(), abs=1e-4)


def test_a_model_of_one_length_gets_the_frames_that_are_left_spread_out_and_says_so():
    clip = pictures(1, 3, 8, 16, 16)[0]
    found = asked(tiny_vit((8, 16, 16)), clip, "frame-shapley", regions="segments:4")
    spread = asked(tiny_vit((8, 16, 16)), clip, "exact-shapley", regions="segments:4", baseline="resampled")
    assert found.values == pytest.approx(spread.values, abs=1e-6)
    assert "spread over the whole time" in " ".join(check.message for check in found.checks)
    with pytest.raises(BadOption, match="where 8 were given is refused"):
        asked(tiny_vit((8, 16, 16)), clip, "exact-shapley", regions="segments:4", baseline="shorter")


def test_parts_that_cut_through_frames_cannot_shorten_a_clip():
    with pytest.raises(BadOption, match="as a whole only"):
        asked(built(OrderBlind), CLIP, "region-ablation", regions="tubes:2", baseline="shorter")


def test_a_network_that_views_its_input_is_asked_with_every_fill():
    class Viewing(OrderBlind):
        def forward(self, clips: Tensor) -> Tensor:
            return clips.view(len(clips), -1).mean(dim=1, keepdim=True).expand(-1, 2)

    for baseline in ("frozen", "interpolated", "flowing", "background", "resampled", "shorter", "smeared", "mean"):
        found = asked(Viewing(), CLIP, "region-ablation", regions="frames", baseline=baseline)
        assert np.isfinite(found.values).all()


def test_a_shot_can_be_left_out_of_a_clip():
    clip = joined(4, 3, 5, size=24)
    found = asked(built(OrderBlind), clip, "exact-shapley", regions="shots", baseline="shorter")
    assert found.parts.values.shape == (3,)
    assert found.parts.labels[:, 0, 0].tolist() == [0] * 4 + [1] * 3 + [2] * 5


def test_tubelets_are_left_out_of_a_video_transformer():
    clip, network = pictures(1, 3, 8, 16, 16)[0], tiny_vit((8, 16, 16))
    found = asked(network, clip, "region-ablation", regions="segments:2", baseline="dropped")
    patches = network.embed(clip[None]).flatten(2).transpose(1, 2) * 4
    expected = []
    for gone in (slice(0, 16), slice(16, 32)):  # 2 x 4 x 4 tubelets
        keep = [i for i in range(32) if i not in range(*gone.indices(32))]
        tokens = torch.cat([network.token, (patches + network.places[:, 1:])[:, keep]], dim=1)
        tokens[:, :1] += network.places[:, :1]
        expected.append(network(clip[None])[0, 0] - network.head(network.norm(network.blocks(tokens))[:, 0])[0, 0] * 4)
    assert found.parts.values.tolist() == pytest.approx([float(drop) for drop in expected], abs=1e-4)
    with pytest.raises(BadOption, match="cut through the model's patches"):
        asked(network, clip, "region-ablation", regions="frames", baseline="dropped")


# -- motion in time


def test_a_temporal_mask_freezes_the_moment_that_the_score_needs():
    clip = torch.zeros(3, 12, 16, 16)
    clip[0, 5] = 1.0
    found = asked(Event(5), clip, "temporal-mask", target=1, scale="probability", steps=60)
    values = found.values[:, 0, 0]
    assert values[5] > 0.9
    assert np.flatnonzero(values > 0.5).tolist() in ([5], [5, 6], [4, 5], [4, 5, 6])
    (told,) = [check.message for check in found.checks if check.name == "choice"]
    assert "scores 0.9997" in told
    assert "frozen 0.5" in told


def test_what_the_first_frame_decides_needs_no_motion():
    assert asked(Event(0), CLIP, "temporal-mask", target=1, scale="probability", steps=60).values.max() < 0.2


@pytest.mark.parametrize("edit", ["freeze", "reverse"])
def test_a_rule_of_order_is_broken_by_freezing_and_by_reversing(edit):
    clip = torch.full((3, 12, 4, 4), 0.3)
    clip[:, 6:] = 0.8
    found = asked(Rising(), clip, "temporal-mask", edit=edit, scale="probability", steps=60)
    assert found.values[6, 0, 0] > 0.5
    assert found.values[[0, 1, 2, 10, 11], 0, 0].max() < 0.3


# -- windows and masks with a number for each axis


@pytest.mark.parametrize(("window", "stride"), [((2, 4, 12), (1, 4, 12)), ("3,6,6", "2,3,3"), (4, 4)])
def test_occlusion_with_a_side_for_each_axis_is_the_mean_drop_of_the_boxes_around_a_place(window, stride):
    network, clip = built(OrderBlind), CLIP[:, :6]
    found = asked(network, clip, "occlusion", window=window, stride=stride, baseline="frozen").values
    sides, steps = (
        tuple(map(int, w.split(","))) if isinstance(w, str) else w if isinstance(w, tuple) else (w,) * 3
        for w in (window, stride)
    )
    total, times = np.zeros((6, 12, 12)), np.zeros((6, 12, 12))
    axes = zip((6, 12, 12), sides, steps, strict=True)
    places = [sorted({*range(0, size - side, step), size - side}) for size, side, step in axes]
    for corner in itertools.product(*places):
        box = tuple(slice(at, at + side) for at, side in zip(corner, sides, strict=True))
        mask = torch.ones(1, 6, 12, 12, dtype=torch.bool)
        mask[0][box] = False
        with torch.no_grad():
            drop = network(clip[None])[0, 0] - network(seewhy.Frozen().shown(clip, mask))[0, 0]
        total[box] += float(drop)
        times[box] += 1
    assert found == pytest.approx(total / times, abs=1e-5)


@pytest.mark.parametrize(("method", "samples"), [("rise", 1500), ("debiased-rise", 1500)])
def test_soft_masks_with_a_cell_for_each_frame_find_the_moment_and_whole_tubes_the_place(method, samples):
    clip = event(6)
    moments = asked(Detector(), clip, method, cells=(12, 1, 1), samples=samples, tolerance=0, baseline="black").values
    assert moments.mean(axis=(1, 2)).argmax() in (5, 6, 7)
    tubes = asked(Detector(), clip, method, cells="1,4,4", samples=samples, tolerance=0, baseline="black").values
    assert np.ptp(tubes.mean(axis=(1, 2))) < 0.15 * np.ptp(tubes.mean(axis=0))
    y, x = np.unravel_index(tubes.mean(axis=0).argmax(), (16, 16))
    assert 3 <= y <= 8
    assert 7 <= x <= 12


def test_an_extremal_part_follows_a_thing_and_moves_no_faster_than_its_cells_along_time():
    class Follow(nn.Module):
        """How red it is where a square is that moves to the right."""

        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.tensor(20.0))

        def forward(self, clips: Tensor) -> Tensor:
            seen = (clips[:, 0] * inside).mean((1, 2, 3)) * self.gain
            return torch.stack([seen, -seen], dim=1)

    inside = torch.zeros(8, 16, 16)
    for t in range(8):
        inside[t, 6:10, t : t + 4] = 1.0
    clip = torch.ones(3, 8, 16, 16)
    options = {"keep": 0.12, "areas": 1, "steps": 40, "baseline": "black"}
    found = asked(Follow(), clip, "extremal-perturbation", cells=(8, 8, 8), **options).values
    assert found[inside.numpy() > 0].mean() > 4 * found[inside.numpy() == 0].mean()
    columns = (found.sum(axis=1) * np.arange(16)).sum(axis=1) / found.sum(axis=(1, 2))
    assert columns[7] - columns[0] > 4
    still = asked(Follow(), clip, "extremal-perturbation", cells=(1, 8, 8), **options).values
    assert np.abs(still - still[:1]).max() < 1e-6


def test_frames_are_spread_out_where_only_some_shorter_clips_are_taken():
    class Fours(nn.Module):
        """The mean of a clip of one frame, or of four, or of eight."""

        def forward(self, clips: Tensor) -> Tensor:
            if clips.shape[2] not in (1, 4, 8):
                raise RuntimeError(f"{clips.shape[2]} frames do not fit")
            return clips.mean((1, 2, 3, 4))[:, None] * torch.tensor([1.0, -1.0])

    found = asked(Fours(), pictures(1, 3, 8, 6, 6)[0], "frame-shapley")
    (told,) = [check.message for check in found.checks if check.name == "choice"]
    assert told.startswith("The frames that are left are spread over the whole time. A clip of")
    assert "frames do not fit" in told
