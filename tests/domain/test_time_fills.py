"""Absence in time: what other frames show, by hand, by slow re-derivation, and on a square that moves."""

import numpy as np
import pytest
import torch

import seewhy
from domain.made_clips import moving_square, texture
from seewhy.domain.optical_flow import flow, followed, warped
from seewhy.domain.options import decode, encode, parse_spec
from seewhy.errors import BadOption
from seewhy.testing.tiny_models import pictures

CLIP = pictures(1, 3, 8, 6, 5)[0]
IN_TIME = [seewhy.Frozen(), seewhy.Frozen("later"), seewhy.Held(), seewhy.Interpolated(), seewhy.Background()]
ADAPTIVE = [*IN_TIME, seewhy.Flowing(), seewhy.Resampled()]
on_each = pytest.mark.parametrize("baseline", ADAPTIVE, ids=repr)
LEFT = [True, False, False, True, False, True, True, False]  # frames


def ramp(frames: int = 8) -> torch.Tensor:
    """Frame t has the grey level t."""
    return torch.arange(float(frames))[None, :, None, None].expand(1, frames, 2, 2).clone()


def whole(kept: list[bool], clip: torch.Tensor) -> torch.Tensor:
    return torch.tensor(kept)[None, :, None, None].expand(1, *clip.shape[1:])


def scattered(seed: int = 0) -> torch.Tensor:
    return torch.rand(3, *CLIP.shape[1:], generator=torch.Generator().manual_seed(seed)) < 0.5


@pytest.mark.parametrize(
    ("baseline", "levels"),
    [
        (seewhy.Frozen(), [0, 0, 3, 3, 3, 5, 6, 6]),
        (seewhy.Frozen("later"), [0, 0, 3, 3, 5, 5, 6, 6]),
        (seewhy.Held(), [0, 0, 0, 3, 3, 5, 6, 6]),
        (seewhy.Interpolated(), [0, 1, 2, 3, 4, 5, 6, 6]),
        (seewhy.Background(), [0, 4, 4, 3, 4, 5, 6, 4]),
        (seewhy.Flowing(), [0, 1, 2, 3, 4, 5, 6, 6]),
        (seewhy.Resampled(), [0, 0, 3, 3, 5, 5, 6, 6]),
    ],
    ids=lambda given: repr(given) if not isinstance(given, list) else "",
)
def test_absent_frames_become_what_is_told(baseline, levels):
    clip = ramp()
    shown = baseline.shown(clip, whole(LEFT, clip))
    assert shown[0, 0, :, 0, 0].tolist() == pytest.approx(levels, abs=1e-5)


def slowly(baseline, line, kept):
    """One place through time, in plain Python."""
    here = [t for t, k in enumerate(kept) if k]
    out = []
    for t, value in enumerate(line):
        before, after = [s for s in here if s <= t], [s for s in here if s >= t]
        if kept[t] or not here:
            out.append(value if kept[t] else None)
        elif isinstance(baseline, seewhy.Background):
            out.append(np.median([line[s] for s in here]))
        elif not before or not after:
            out.append(line[after[0] if after else before[-1]])
        elif isinstance(baseline, seewhy.Held):
            out.append(line[before[-1]])
        elif isinstance(baseline, seewhy.Interpolated):
            part = (t - before[-1]) / (after[0] - before[-1])
            out.append((1 - part) * line[before[-1]] + part * line[after[0]])
        else:
            late = (t - before[-1], after[0] - t)
            later = late[0] > late[1] or (late[0] == late[1] and baseline.tie == "later")
            out.append(line[after[0] if later else before[-1]])
    return out


@pytest.mark.parametrize("baseline", IN_TIME, ids=repr)
def test_each_place_is_filled_along_its_own_line_through_time(baseline):
    masks = scattered()
    shown, mean = baseline.shown(CLIP, masks), CLIP.flatten(1).mean(dim=1)
    for n, c, y, x in np.ndindex(len(masks), 3, 6, 5):
        expected = slowly(baseline, CLIP[c, :, y, x].tolist(), masks[n, :, y, x].tolist())
        expected = [float(mean[c]) if value is None else value for value in expected]
        assert shown[n, c, :, y, x].tolist() == pytest.approx(expected, abs=1e-5)


@on_each
def test_what_is_hidden_is_not_looked_at(baseline):
    clip, masks = moving_square(8, 24, 6)[0], whole(LEFT, torch.zeros(1, 8, 24, 24))
    spoiled = torch.where(masks, clip, torch.rand(clip.shape, generator=torch.Generator().manual_seed(1)))
    assert torch.allclose(baseline.shown(clip, masks), baseline.shown(spoiled, masks), atol=1e-6)


@on_each
def test_a_clip_of_one_picture_stays_as_it_is(baseline):
    clip = CLIP[:, 3:4].expand(3, 8, 6, 5)
    masks = torch.cat([whole(LEFT, clip), whole(LEFT[::-1], clip)])
    assert torch.allclose(baseline.shown(clip, masks), clip.expand(2, *clip.shape), atol=1e-5)


@on_each
def test_with_no_frame_left_the_mean_colour_is_shown(baseline):
    shown = baseline.shown(CLIP, torch.zeros(1, *CLIP.shape[1:], dtype=torch.bool))
    assert torch.allclose(shown, seewhy.Mean().fill(CLIP), atol=1e-6)


@on_each
def test_masks_are_filled_one_by_one(baseline):
    masks = torch.cat([whole(LEFT, CLIP), whole(LEFT[::-1], CLIP), whole([True] * 8, CLIP)])
    together = baseline.shown(CLIP, masks)
    for mask, shown in zip(masks, together, strict=True):
        assert torch.allclose(baseline.shown(CLIP, mask[None])[0], shown, atol=1e-6)
    assert torch.allclose(together[2], CLIP)


@pytest.mark.parametrize("baseline", [*ADAPTIVE, seewhy.Smeared(), seewhy.Shorter()], ids=repr)
def test_a_photo_has_no_other_frames(baseline):
    with pytest.raises(BadOption, match="need a clip"):
        baseline.fill(CLIP[:, 0])


@pytest.mark.parametrize("masks", [scattered(), torch.full((1, 8, 6, 5), 0.5)])
def test_frames_are_left_out_as_a_whole_or_not_at_all(masks):
    with pytest.raises(BadOption, match="as a whole only"):
        seewhy.Resampled().shown(CLIP, masks)


def test_smearing_in_time_keeps_still_things_and_wipes_out_short_ones():
    clip = torch.full((1, 12, 4, 4), 0.2)
    clip[0, 6, 1, 1] = 1.0
    (fill,) = seewhy.Smeared(0.2).fill(clip)
    assert torch.allclose(fill[0, :, 0, 0], torch.full((12,), 0.2), atol=1e-6)
    assert 0.2 < fill[0, 6, 1, 1] < 0.4
    assert torch.allclose(seewhy.Smeared(1e-3, 0.2).fill(clip)[0], seewhy.Blur(0.2).fill(clip)[0], atol=1e-6)


@pytest.mark.parametrize(
    ("text", "baseline"),
    [
        ("frozen", seewhy.Frozen()), ("frozen:later", seewhy.Frozen("later")), ("held", seewhy.Held()),
        ("interpolated", seewhy.Interpolated()), ("flowing", seewhy.Flowing()), ("background", seewhy.Background()),
        ("smeared:0.2,0.1", seewhy.Smeared(0.2, 0.1)), ("resampled", seewhy.Resampled()),
        ("shorter", seewhy.Shorter()),
    ],
)  # fmt: skip
def test_fills_in_time_are_named_in_text_and_survive_json(text, baseline):
    assert parse_spec(text) == baseline
    assert decode(encode(baseline)) == baseline


# -- optical flow


@pytest.mark.parametrize("step", [(0, 0), (0, 3), (2, -1), (5, 6)])
def test_the_flow_of_a_shifted_picture_is_the_shift(step):
    picture = texture(64, 64, 8, seed=1)[None]
    one, other = (picture[..., 8 + dy : 56 + dy, 8 + dx : 56 + dx] for dy, dx in ((0, 0), (-step[0], -step[1])))
    found = flow(one, other)[0, :, 10:-10, 10:-10]
    off = found - torch.tensor(step, dtype=torch.float32)[:, None, None]
    assert float(off.norm(dim=0).median()) < 0.2
    assert float((off.norm(dim=0) < 1).float().mean()) > 0.95
    assert float((warped(other, flow(one, other)) - one)[..., 10:-10, 10:-10].abs().mean()) < 0.02


def test_what_is_covered_or_leaves_the_picture_is_not_followed():
    clip, inside = moving_square(2, step=(0, 3))
    one, other = clip[:, :1].transpose(0, 1), clip[:, 1:].transpose(0, 1)
    assert float(followed(flow(one, other), flow(other, one))[0][inside[0]].float().mean()) > 0.95
    other[..., 40:60, 40:60] = texture(20, 20, 3, seed=9)
    covered = followed(flow(one, other), flow(other, one))[0][42:58, 42:58]
    assert float(covered.float().mean()) < 0.5
    wide = pictures(1, 3, 32, 48, seed=2)
    gone = followed(flow(wide[..., 8:40], wide[..., 14:46]), flow(wide[..., 14:46], wide[..., 8:40]))[0]
    assert float(gone[:, :4].float().mean()) < 0.2
    assert float(gone[4:-4, 8:-8].float().mean()) > 0.9


def test_flow_moves_a_thing_on_its_way_where_a_fade_shows_it_twice():
    clip, inside = moving_square(9, step=(0, 3))
    clip = clip.clamp(0, 1)
    masks = torch.ones(1, *clip.shape[1:], dtype=torch.bool)
    masks[:, 4] = False
    errors = {
        type(baseline).__name__: float((baseline.shown(clip, masks)[0] - clip)[:, 4, inside[4]].abs().mean())
        for baseline in (seewhy.Flowing(), seewhy.Interpolated(), seewhy.Frozen())
    }
    assert errors["Flowing"] < 0.4 * errors["Interpolated"]
    assert errors["Flowing"] < 0.4 * errors["Frozen"]


def test_the_background_of_all_frames_is_what_a_thing_moved_over():
    clip, inside = moving_square(12, step=(1, 4), side=12)
    ground = moving_square(12, step=(0, 64))[0]
    shown = seewhy.Background().shown(clip, ~inside[None])[0]
    inside[0] = False  # where the ground was made with a square, too
    assert float((shown - ground)[:, inside].abs().mean()) < 0.03
    assert float((clip - ground)[:, inside].abs().mean()) > 0.1
