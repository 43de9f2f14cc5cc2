"""The pictures of docs/guide/explaining-video-models.md: made clips, small networks trained on them. Takes minutes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import seewhy
from browser import save, shot
from seewhy.domain.shot import Shot
from seewhy.render.reel import reel
from seewhy.report.motion_page import write_motion_report
from seewhy.testing.clips import dataset, story_at, trained

IMAGES = Path(__file__).parents[1] / "docs" / "guide" / "images"
NETWORKS = Path(sys.argv[1]) if len(sys.argv) > 1 else None  # a folder that keeps what was trained
WANTS = seewhy.Preprocess.of(size=32, crop_pct=1.0, mean=0.0, std=1.0, pace=seewhy.Pace(16))
COLOURS, SLOW = 64, 250  # of a GIF, milliseconds for a frame
PLACES: dict[str, dict[str, Any]] = {
    "occlusion": {"window": (3, 8, 8), "stride": (1, 4, 4), "baseline": "background"},
    "kernel-shap": {"regions": "moving:20", "samples": 300},
}


def told(task: str) -> dict[str, Any]:
    """What is asked about every clip of a task."""
    return {"labels": list(trained(task=task, folder=NETWORKS).task.classes), "preprocess": WANTS}


def network(task: str) -> torch.nn.Module:
    return trained(task=task, folder=NETWORKS).network


def film_of(task: str, size: int = 160, times: int = 1) -> seewhy.Clip:
    """The same story as in the guide, large enough to look at; `times`: squares of so many pixels."""
    pixels = (story_at(1, 1, task=task, split="test").render(size) * 255).round().byte().permute(1, 2, 3, 0)
    return seewhy.Clip(pixels.repeat_interleave(times, 1).repeat_interleave(times, 2).numpy(), fps=10)


def moments() -> None:
    found = seewhy.explain(network("event"), film_of("event"), method="temporal-occlusion", **told("event"))
    strip = found.filmstrip()
    strip.thumbnail((strip.width * 3 // 4, strip.height), Image.Resampling.LANCZOS)
    save(strip, IMAGES / "moments.png", colours=255)


def places() -> None:
    """Two films side by side."""
    asked = network("event"), film_of("event", 32, 6)
    maps = [seewhy.explain(*asked, method=name, **told("event"), **options) for name, options in PLACES.items()]
    films = [[without_legend(one) for one in found.film(longest=192)] for found in maps]
    gif([beside(one, other) for one, other in zip(*films, strict=True)], IMAGES / "places.gif")


def page_of(task: str, folder: Path) -> Path:
    """What edits of a clip do, as a page."""
    boxes = story_at(1, 1, task=task, split="test").truth(160).boxes.tolist()
    table = seewhy.motion(network(task), film_of(task), masks=boxes, **told(task))
    return write_motion_report(folder / f"{task}.html", table=table)


def edits() -> None:
    """The tables of edits of a clip of motion, and of one whose background decides."""
    with tempfile.TemporaryDirectory() as folder:
        whole = shot(page_of("direction", Path(folder)), (1000, 2030))
        save(whole.crop((0, 640, 1000, 2030)), IMAGES / "edits.png", colours=128)
        whole = shot(page_of("shortcut", Path(folder)), (1000, 2300))
        save(whole.crop((0, 1838, 1000, 2122)), IMAGES / "background.png", colours=128)


def flips() -> None:
    """Before and after the smallest edit that flips the answer."""
    found = seewhy.what_if(network("event"), film_of("event"), **told("event"))
    change = found.smallest
    assert change is not None
    before, after = (reel(clip, found.time, longest=192) for clip in (found.clip, change.edit(found.clip)))
    print(found)
    gif([beside(one, other) for one, other in zip(before, after, strict=True)], IMAGES / "flips.gif")


def card() -> None:
    """How far methods can be trusted in time, measured beside controls."""
    found = dataset("event", 18, seed=7, split="test")
    kept = [i for i, label in enumerate(found.labels) if found.task.classes[int(label)] != "nothing"]
    masks = [found.stories[i].truth(32).mask for i in kept]
    report = seewhy.report_card(
        network("event"), found.clips[kept], ["grad-cam", "integrated-gradients", "temporal-occlusion"], masks=masks,
        metrics=["gain-in-time", "gain-in-space", "temporal-pointing"], preprocess=seewhy.Preprocess.plain(),
    )  # fmt: skip
    print(report)
    with tempfile.TemporaryDirectory() as folder:
        save(shot(report.save(folder) / "report_card.html", (900, 1310)), IMAGES / "clip-card.png", colours=128)


def without_legend(one: Shot) -> Shot:
    """The square picture, which the legend makes wider."""
    left = (one.pixels.shape[1] - 192) // 2
    return Shot(one.begin, one.end, one.pixels[:192, left : left + 192])


def beside(one: Shot, other: Shot) -> Shot:
    gap = np.full((one.pixels.shape[0], 12, 3), 255, np.uint8)
    return Shot(one.begin, one.end, np.concatenate([one.pixels, gap, other.pixels], axis=1))


def gif(shots: list[Shot], file: Path) -> None:
    """Few colours, the same in all frames: grain would make a large file of a small film."""
    frames = [Image.fromarray(one.pixels) for one in shots]
    common = Image.fromarray(np.concatenate([one.pixels for one in shots[::4]])).quantize(COLOURS)
    first, *others = [frame.quantize(palette=common, dither=Image.Dither.NONE) for frame in frames]
    first.save(file, save_all=True, append_images=others, duration=SLOW, loop=0, optimize=True)
    print(f"{file.name}: {file.stat().st_size:,} bytes, {first.size}")


if __name__ == "__main__":
    for draw in (moments, places, edits, flips, card):
        draw()
