"""What explanations of clips must get right in time and space, on networks whose answer is known by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..domain.baseline import Colour
from ..domain.regions import Given
from ..explanation import Explanation
from ..registry import Entry
from .asking import ask
from .oracles import Array
from .tiny_models import pictures
from .video_networks import Product, RedDetector, RedMotion, any_order, red_patch, red_square

Options = Mapping[str, Any] | None
Clip = Float[Tensor, "3 t h w"]
CLOSE = 1e-4  # share of the largest number
SEQUENCE = [5, 2, 7, 0, 3, 6, 1, 4]


def check_flat(entry: Entry, options: Options = None) -> None:
    """Where the order of frames cannot matter, the frames of a still clip are worth the same."""
    still = pictures(1, 3, 16, 16)[0][:, None].repeat(1, 8, 1, 1)
    found = _asked(entry, any_order(), still, options)
    curve, band = (_over_time(values) for values in (_values(found), _band(found)))
    allowed = CLOSE * np.abs(found.values).max() + 2 * band.max()
    assert np.ptp(curve) <= allowed, f"{entry.name} prefers frames of a still clip: {curve}"


def check_symmetric(entry: Entry, options: Options = None) -> None:
    """Where the order of frames cannot matter, frames that change places take their values along."""
    clip = pictures(1, 3, 8, 16, 16)[0]
    frames = Given(frames_of(8, 16))
    first, second = (
        _asked(entry, any_order(), c, {"regions": frames, **(options or {})}) for c in (clip, clip[:, SEQUENCE])
    )
    _assert_alike(second, _values(first)[SEQUENCE], _band(first)[SEQUENCE], "the order of the frames counts")


def check_event(entry: Entry, options: Options = None, frames: tuple[int, ...] = (1, 4, 7)) -> None:
    """The map is strongest where and when the only thing happens that the network looks at."""
    for frame in frames:
        for cell in ((0, 1), (1, 0)):
            found = _asked(entry, RedDetector(), red_patch(frame, cell), options)
            _assert_peak(found, (frame // 2, *cell), f"{entry.name} misses the event in frame {frame}, cell {cell}")


def check_shift(entry: Entry, options: Options = None) -> None:
    """What happens four frames later is found four frames later, by parts that look the same four frames later."""
    early, late = (_asked(entry, RedDetector(), red_patch(frame), options) for frame in (2, 6))
    steps = len(early.values) // 2
    moved, band = (np.roll(values, steps, axis=0) for values in (_values(early), _band(early)))
    _assert_alike(late, moved, band, "the map does not move with the event")


def check_repeated(entry: Entry, options: Options = None) -> None:
    """A clip that is shown twice is explained by both halves alike."""
    found = _asked(entry, RedDetector(), torch.cat([red_patch(3)] * 2, dim=1), options)
    half = len(found.values) // 2
    swapped, band = (np.roll(values, half, axis=0) for values in (_values(found), _band(found)))
    _assert_alike(found, swapped, band, "one half of a clip that is shown twice counts more")


def check_half_speed(entry: Entry, options: Options = None) -> None:
    """At half speed the event is found at twice the time."""
    for frame in (1, 6):
        slow = red_patch(frame).repeat_interleave(2, dim=1)
        found = _asked(entry, RedDetector(), slow, options)
        _assert_peak(found, (frame // 2, 1, 0), f"{entry.name} misses the event at half speed")


def check_centred(entry: Entry, stride: int, options: Options = None) -> None:
    """A frame comes back in the middle of the step that a layer with a stride in time saw it in."""
    for frame in range(stride, 16 - stride):  # a step at either end is drawn to the end
        found = _asked(entry, RedDetector(stride), red_patch(frame, frames=16), options)
        curve = np.nanmax(found.heatmap(), axis=(1, 2))
        peak = float(np.flatnonzero(curve >= curve.max() * (1 - CLOSE)).mean())
        assert abs(peak - frame) <= (stride - 1) / 2, f"frame {frame} comes back at {peak} through a stride of {stride}"


def check_product(entry: Entry, options: Options = None) -> None:
    """Shares of 4 frames x 4 cells whose worth multiplies are those that the closed form gives."""
    network = Product()
    regions = {"regions": Given(torch.arange(16).reshape(4, 2, 2)), "baseline": Colour(0.0)}
    found = _asked(entry, network, torch.ones(3, 4, 2, 2), {**regions, **(options or {})})
    assert found.parts is not None
    expected, band = network.shapley().flatten().numpy(), found.parts.band
    allowed = CLOSE * np.abs(expected).max() + (0.0 if band is None else band)
    assert (np.abs(found.parts.values - expected) <= allowed).all(), f"{found.parts.values} is not {expected}"


# -- motion or appearance


def motion_share(network: nn.Module, clip: Clip, target: int) -> float:
    """1 less the best that a single frame reaches, shown all the time, as a share of the target's probability."""
    frozen = torch.stack([clip[:, [frame] * clip.shape[1]] for frame in range(clip.shape[1])])
    with torch.no_grad():
        whole, still = (network(clips).softmax(dim=1)[:, target] for clips in (clip[None], frozen))
    return 1 - float(still.max() / whole[0])


def check_motion(share: Callable[[nn.Module, Clip, int], float] = motion_share) -> None:
    """Where motion decides, its share is most of all, and any still frame turns the answer; where a look does, not."""
    for network, moves in ((RedMotion(), True), (RedDetector(), False)):
        clip = red_square(moving=True)
        found = share(network, clip, 1)
        assert found > 0.7 if moves else abs(found) < 0.2, f"the share of motion is {found:.2f}"
        answers = {int(network(clip[None, :, [frame] * 8]).argmax()) for frame in range(8)}
        assert int(network(clip[None]).argmax()) == 1
        assert answers == ({0} if moves else {1})


# -- how it is asked


def frames_of(frames: int, side: int) -> Int[Tensor, "t h w"]:
    """Labels that make each frame a part."""
    return torch.arange(frames)[:, None, None].expand(frames, side, side).clone()


def _asked(entry: Entry, network: nn.Module, clip: Clip, options: Options) -> Explanation:
    return ask(entry, network.eval(), clip[None], options, target=1)[0]


def _over_time(values: Array) -> Array:
    curve: Array = values.reshape(len(values), -1).mean(axis=1)
    return curve


def _values(found: Explanation) -> Array:
    return found.values.astype(np.float64)


def _band(found: Explanation) -> Array:
    return np.zeros(found.values.shape) if found.band is None else found.band.astype(np.float64)


def _assert_alike(found: Explanation, expected: Array, band: Array, what: str) -> None:
    """Equal but for rounding and for the error bars of both."""
    allowed = CLOSE * max(float(np.abs(expected).max()), abs(found.target.score)) + band + _band(found)
    off = np.abs(found.values - expected)
    assert (off <= allowed).all(), f"{what}: {off.max():.3g} of {np.abs(expected).max():.3g}"


def _assert_peak(found: Explanation, cell: tuple[int, int, int], what: str) -> None:
    """Of 4 times x 4 quarters none holds more than this one, and one holds less, by more than the error bars."""
    cells, bands = (_in_cells(torch.from_numpy(values)) for values in (_values(found), _band(found)))
    here, most, least = float(cells[cell]), float(cells.max()), float(cells.min())
    doubt = CLOSE * (most - least) + 2 * float(bands.max())
    assert here >= most - doubt, f"{what}: {cells.tolist()}"
    assert here > least + doubt, f"{what}, or everything is alike: {cells.tolist()}"


def _in_cells(values: Float[Tensor, "t h w"]) -> Float[Tensor, "4 2 2"]:
    """Means over 4 stretches of time and 4 quarters; a map of fewer cells says the same in all that one covers."""
    for axis, count in enumerate((4, 2, 2)):
        if values.shape[axis] < count:
            values = values.repeat_interleave(count // values.shape[axis], dim=axis)
    return nn.functional.adaptive_avg_pool3d(values[None], (4, 2, 2))[0]
