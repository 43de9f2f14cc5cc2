"""Images seen through masks: exactly the image or the fill, in memory that is used again and shared with nobody."""

import pytest
import torch
from torch import nn

import seewhy
from seewhy.domain.baseline import Colour
from seewhy.domain.regions import Given, Grid, Regions, Windows
from seewhy.domain.target import Target
from seewhy.engine.game import Game
from seewhy.engine.masked import Masked, around, blended
from seewhy.engine.probe import Probe
from seewhy.models.adapt import adapt
from seewhy.testing.tiny_models import pictures

IMAGE, FILL = pictures(2, 3, 8, 8)
MASKS = torch.rand(20, 8, 8, generator=torch.Generator().manual_seed(0)) > 0.5


class Window(nn.Module):
    """Answers with a view of its own input, after writing into that where asked to."""

    def __init__(self, writes):
        super().__init__()
        self.scale, self.writes = nn.Parameter(torch.ones(())), writes

    def forward(self, images):
        return (images.mul_(2.0) if self.writes else images).flatten(1)[:, :5]


def test_hard_masks_show_the_image_or_the_fill_bit_by_bit():
    assert torch.equal(blended(IMAGE, MASKS, FILL), torch.where(MASKS[:, None], IMAGE, FILL))
    large, tiny = 1e30 * IMAGE, 1e-30 * FILL
    assert torch.equal(blended(large, MASKS, tiny), torch.where(MASKS[:, None], large, tiny))


@pytest.mark.parametrize("writes", [False, True])
def test_answers_do_not_change_when_the_memory_behind_them_is_used_again(writes):
    model = adapt(Window(writes))
    probe = Probe(model, IMAGE[None], [Target(0, "first")])
    masked, rows = Masked(probe, IMAGE), max(1, probe.chunks.forward // 2)
    show = masked.over(FILL)
    with model.borrowed():
        first = masked.outputs(MASKS[:rows], show)
        kept = first.clone()
        masked.outputs(~MASKS[:rows], show)
        many = masked.outputs(MASKS.repeat(10, 1, 1), show)
    assert torch.equal(first, kept)
    expected = torch.where(MASKS[:, None], IMAGE, FILL).flatten(1)[:, :5] * (2 if writes else 1)
    assert torch.equal(many, expected.repeat(10, 1))
    assert torch.equal(probe.images[0], IMAGE)


def test_large_images_of_which_few_fit_into_a_call_are_asked_as_boxes_too(monkeypatch):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 5, 3, 2, 1), nn.AdaptiveAvgPool2d(1))
    network.append(nn.Flatten())
    model, (image,) = adapt(network), pictures(1, 3, 448, 448)
    found = {}
    for often in (True, False):
        monkeypatch.setattr(Probe, "often", often)
        probe = Probe(model, image[None], [Target(0, "first")])
        assert probe.chunks.forward < 8
        with model.borrowed():
            found[often] = Game.of(probe, 0, Windows(64, 64), Colour(0.0)).without_each()
        assert ("incremental" in probe.control.ran) is often
    torch.testing.assert_close(found[True], found[False])


# -- clips


CLIP = pictures(1, 3, 8, 32, 32)


def small_network():
    torch.manual_seed(0)
    layers = nn.Conv3d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv3d(6, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool3d(1)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8, 3)).eval()


def both_ways(monkeypatch, method, **options):
    """An explanation as boxes where that pays, and by the network alone; a call holds a single clip."""
    network = small_network()
    monkeypatch.setattr("seewhy.engine.chunks._ROOM", 80 * CLIP.numel())
    asked = {"method": method, "target": 1, "scale": "logit", "preprocess": seewhy.Preprocess.plain(), **options}
    return [seewhy.explain(network, CLIP, checks="quick", backend=by, **asked)[0] for by in ("auto", "plain")]


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("occlusion", {"window": (4, 8, 8), "stride": (4, 4, 4)}),
        ("occlusion", {"window": (2, 32, 32), "stride": (1, 32, 32), "baseline": seewhy.Noise(6)}),
        ("region-ablation", {"regions": seewhy.Cuboids(4, 4, 4), "baseline": seewhy.Interpolated()}),
        ("region-ablation", {"regions": seewhy.Cuboids(4, 4, 4), "baseline": "mean"}),
        ("temporal-occlusion", {"window": 1}),
    ],
)
def test_boxes_of_clips_give_the_same_map_as_whole_clips(monkeypatch, method, options):
    boxes, whole = both_ways(monkeypatch, method, **options)
    assert set(whole.origin.ran) == {"plain"}
    assert boxes.origin.ran["incremental"] >= 16
    assert abs(boxes.values - whole.values).max() <= 1e-3 * abs(whole.values).max()  # few 1e-8 in a score of 0.1
    assert boxes.cost == whole.cost


def test_frames_that_move_into_a_gap_are_never_answered_as_boxes(monkeypatch):
    how = {"regions": seewhy.Cuboids(8, 1, 1), "baseline": seewhy.Resampled(), "samples": 64}
    boxes, whole = both_ways(monkeypatch, "permutation-shapley", **how)
    assert "incremental" not in boxes.origin.ran
    assert abs(boxes.values - whole.values).max() <= 1e-3 * abs(whole.values).max()


def test_masks_are_made_for_a_few_windows_at_a_time(monkeypatch):
    rows, make = [], Regions.masks
    monkeypatch.setattr(Regions, "masks", lambda parts, some: rows.append(len(some)) or make(parts, some))
    found, _ = both_ways(monkeypatch, "occlusion", window=(2, 4, 4), stride=(2, 4, 4))
    assert found.origin.ran["incremental"] == 4 * 8 * 8
    assert max(rows) <= 16  # boxes of a sixteenth of a clip and less, where a call holds one clip


@pytest.mark.parametrize("spec", [Grid(3), Windows(5, 3), Given(~MASKS)], ids=["labels", "windows", "masks"])
def test_parts_know_without_masks_where_they_lie(spec):
    parts = spec.of(IMAGE)
    draw = torch.Generator().manual_seed(1)
    coalitions = torch.cat([torch.rand(20, parts.count, generator=draw) > 0.2, ~torch.eye(parts.count).bool()])
    coalitions[0] = True  # nothing is absent
    assert torch.equal(parts.around(coalitions), around(~parts.masks(coalitions)))
