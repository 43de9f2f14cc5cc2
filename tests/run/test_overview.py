"""An overview shows what single maps hide: a watermark that stands for a class."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import seewhy
from run.shortcut import LABELS, Shortcut, photos
from seewhy.engine.control import Control
from seewhy.errors import BadOption, SeewhyWarning, UnknownOption
from seewhy.run.prototypes import PLACES, evenness, flags_of, in_corners, in_ring, prototypes

SEEN = {"labels": LABELS, "preprocess": seewhy.Preprocess.of(size=48, crop_pct=None, mean=0.0, std=1.0)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return photos(tmp_path_factory.mktemp("data") / "photos")


@pytest.fixture(scope="module")
def found(folder: Path) -> Any:
    return seewhy.overview(Shortcut(), folder, method="grad-cam", **SEEN)


def spot(row: int, column: int, width: float = 0.7) -> np.ndarray:
    """A map with one bright spot."""
    rows, columns = np.mgrid[:PLACES, :PLACES]
    bump = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * width**2))
    return bump / bump.sum()


def test_a_planted_watermark_is_flagged_for_its_class_and_for_no_other(found: Any) -> None:
    classes = {one.label: one for one in found.classes}
    assert [p.share for p in classes["marked"].prototypes] == [1.0]
    (flag,) = classes["marked"].prototypes[0].flags
    assert flag.name == "corner"
    assert "lower right" in flag.message
    assert not any(p.flags for p in classes["plain"].prototypes)
    assert "lower right corner" in found.summary().splitlines()[1]


def test_mean_maps_are_the_means_of_the_absolute_maps(folder: Path, found: Any) -> None:
    single = seewhy.explain(Shortcut(), folder, method="grad-cam", **SEEN)
    for one in found.classes:
        maps = [np.abs(e.values) for e in single if e.target.label == one.label]
        assert len(maps) == one.count == 8
        np.testing.assert_allclose(one.mean, np.mean(maps, axis=0), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found.mean, np.mean([np.abs(e.values) for e in single], axis=0), rtol=1e-5, atol=1e-9)


def test_an_overview_of_explanations_is_that_of_their_folder(folder: Path, found: Any) -> None:
    again = seewhy.overview(seewhy.explain(Shortcut(), folder, method="grad-cam", **SEEN))
    np.testing.assert_allclose(again.mean, found.mean, rtol=1e-6)
    assert [p.name for one in again.classes for p in one.prototypes] == [
        p.name for one in found.classes for p in one.prototypes
    ]


def test_explanations_from_a_generator_are_taken_one_at_a_time(folder: Path) -> None:
    one = seewhy.explain(Shortcut(), folder / "plain-0.png", method="saliency", **SEEN)
    assert seewhy.overview(one for _ in range(5)).count == 5


def test_a_bad_file_is_reported_and_skipped(tmp_path: Path) -> None:
    photos(tmp_path / "some", each=2)
    (tmp_path / "some" / "broken.png").write_bytes(b"no picture")
    found = seewhy.overview(Shortcut(), tmp_path / "some", method="grad-cam", **SEEN)
    assert found.count == 4
    assert [name for name, _ in found.failures] == ["broken.png"]
    assert "broken.png" in found.summary()


def test_a_folder_of_bad_files_and_no_explanation_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(BadOption, match="All 1 inputs failed"):
        seewhy.overview(Shortcut(), tmp_path, method="grad-cam", **SEEN)
    with pytest.raises(BadOption, match="no explanation"):
        seewhy.overview([])


def test_questions_that_make_no_sense_are_refused(folder: Path) -> None:
    one = seewhy.explain(Shortcut(), folder / "plain-0.png", method=["saliency", "grad-cam"], **SEEN)
    for wrong in (
        lambda: seewhy.overview(one),  # two methods
        lambda: seewhy.overview(one[:1], method="grad-cam"),  # too late to choose
        lambda: seewhy.overview(Shortcut(), folder, method=["saliency", "grad-cam"], **SEEN),
        lambda: seewhy.overview(Shortcut(), folder, clusters=0, **SEEN),
        lambda: seewhy.overview(["photo.jpg"]),
    ):
        with pytest.raises(BadOption):
            wrong()
    with pytest.raises(UnknownOption):
        seewhy.overview(Shortcut(), folder, method="saliency", smaples=3, **SEEN)


def test_maps_of_other_sizes_are_added_up_on_one_grid_and_the_photos_are_not_taken_for_the_space(folder: Path) -> None:
    images = [torch.rand(3, side, 40, generator=torch.Generator().manual_seed(side)) for side in (32, 48)]
    found = seewhy.overview(Shortcut(), images, method="saliency", target=0)
    assert found.mean.shape == (32, 40)
    assert found.photo is None
    assert "cut and stretched" not in found.summary()


def test_what_is_kept_of_a_photo_is_small(folder: Path) -> None:
    large = seewhy.explain(Shortcut(), torch.rand(3, 400, 400), method="saliency", target=0)
    tracemalloc.start()
    found = seewhy.overview(large for _ in range(40))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.mean.shape == (64, 64)
    assert kept / 40 < 60_000  # a map alone has 640 000 bytes


def test_a_run_that_is_cancelled_keeps_what_it_has(tmp_path: Path) -> None:
    photos(tmp_path / "many", each=20)
    control = Control()
    control.progress = lambda done, _: control.cancel() if done >= 16 else None
    found = seewhy.overview(Shortcut(), tmp_path / "many", method="grad-cam", control=control, **SEEN)
    assert 0 < found.count < 40
    assert found.cancelled
    assert "cancelled" in found.summary()


def test_progress_counts_the_whole_folder(tmp_path: Path) -> None:
    photos(tmp_path / "many", each=10)
    seen: list[tuple[int, int]] = []
    seewhy.overview(
        Shortcut(), tmp_path / "many", method="grad-cam", checks="quick",
        progress=lambda *calls: seen.append(calls), **SEEN,
    )  # fmt: skip
    assert seen[-1] == (40, 40)
    assert min(expected for _, expected in seen) == 40


def test_maps_that_are_zero_are_counted_and_grouped_with_no_other() -> None:
    images = torch.stack([torch.full((3, 16, 16), 0.5), torch.rand(3, 16, 16)])
    with torch.no_grad():
        dead = Shortcut()
        dead.colours.weight.zero_()
    found = seewhy.overview(dead, images, method="input-x-gradient", target=0)
    assert found.classes[0].flat == 2
    assert found.classes[0].prototypes == ()
    assert "zero everywhere" in found.summary()
    assert found.checks["map"]["bad"] == 2
    assert found.sheet().width > 400


def test_the_sheet_marks_the_odd_group_and_the_files_hold_it(found: Any, tmp_path: Path) -> None:
    picture = np.asarray(found.sheet()).astype(int)
    orange = (np.abs(picture - (176, 58, 16)).sum(axis=2) < 12).sum()
    assert orange > 1000
    found.save(tmp_path / "out")
    stored = json.loads((tmp_path / "out" / "overview.json").read_text(encoding="utf-8"))
    assert stored["photos"] == 16
    assert stored["schema"] == {"name": "seewhy-overview", "version": 1}
    assert stored == json.loads(json.dumps(found.to_json()))
    assert (tmp_path / "out" / "overview.png").stat().st_size > 10_000


def test_two_ways_of_looking_are_two_prototypes_and_one_way_is_one() -> None:
    generator = np.random.default_rng(0)
    left = [spot(4 + generator.random(), 3 + generator.random()) for _ in range(14)]
    right = [spot(7 + generator.random(), 8 + generator.random()) for _ in range(6)]
    found = prototypes(np.array(left + right), 3)
    assert [one.count for one in found] == [14, 6]
    assert [one.example < 14 for one in found] == [True, False]
    assert len(prototypes(np.array(left), 3)) == 1
    assert len(prototypes(np.array(left[:1]), 3)) == 1


def test_the_same_seed_gives_the_same_groups_whatever_the_order() -> None:
    generator = np.random.default_rng(1)
    maps = np.array([spot(*generator.integers(0, PLACES, 2)) for _ in range(30)])
    first, second = prototypes(maps, 3, seed=1), prototypes(maps, 3, seed=1)
    assert [one.example for one in first] == [one.example for one in second]


@pytest.mark.parametrize(
    ("share", "names"),
    [
        (spot(0, 0), {"corner", "border"}),
        (spot(1, 11), {"corner"}),
        (spot(5, 5), set()),
        (np.full((PLACES, PLACES), PLACES**-2.0), {"spread"}),
    ],
)
def test_odd_places_are_named(share: np.ndarray, names: set[str]) -> None:
    assert {flag.name for flag in flags_of(share)} >= names
    if not names:
        assert not list(flags_of(share))


def test_no_warning_is_needed_for_a_clean_folder(folder: Path, recwarn: pytest.WarningsRecorder) -> None:
    seewhy.overview(Shortcut(), folder, method="saliency", **SEEN)
    assert not [each for each in recwarn if issubclass(each.category, SeewhyWarning)]


def test_an_even_map_holds_in_each_place_its_share_of_the_area() -> None:
    even = np.full((PLACES, PLACES), PLACES**-2.0)
    assert in_corners(even) == pytest.approx(dict.fromkeys(in_corners(even), 1 / 16))
    assert list(in_corners(spot(11, 0))) == ["upper left", "upper right", "lower left", "lower right"]
    assert max(in_corners(spot(11, 0)), key=in_corners(spot(11, 0)).__getitem__) == "lower left"
    assert in_ring(even) == pytest.approx(1 - 100 / 144)
    assert evenness(even) == pytest.approx(1)
    half = np.where(np.arange(PLACES) < PLACES // 2, even * 2, 0)
    assert evenness(half) == pytest.approx(0.5)


def test_ordinary_photos_lie_well_below_the_thresholds_of_corner_and_border() -> None:
    # as docs/guide/overview.md tells of the bundled network
    for name in ("cat", "coffee", "astronaut"):
        one = seewhy.overview("efficientnet-lite0", seewhy.photo(name), method="grad-cam", checks="quick")
        (share,) = [prototype.map for view in one.classes for prototype in view.prototypes]
        assert max(in_corners(share).values()) < 0.25
        assert in_ring(share) < 0.35
