"""The picture of docs/guide/clips-with-known-causes.md: a clip of each task, and one with its twin and its truth."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import pad

from seewhy.testing.clips import TASKS, story_at

SHEET = Path(__file__).parents[1] / "docs" / "guide" / "images" / "clips.png"
SIDE, FRAMES = 36, range(0, 16, 2)


def rows() -> list[Tensor]:
    """One story of each task; then a story with an event, its twin without it, and where the event is."""
    story = story_at(1, 3, task="event")
    clip, where = story.render(SIDE), story.truth(SIDE).mask
    told = [story_at(1, 4, task=task).render(SIDE) for task in TASKS]
    return [*told, clip, story.twin(None).render(SIDE), torch.where(where, clip, 0.25 * clip)]


def main() -> None:
    strips = [torch.cat([pad(clip[:, frame], (1, 1, 1, 1), value=1.0) for frame in FRAMES], dim=2) for clip in rows()]
    gap = torch.ones(3, 6, strips[0].shape[2])
    sheet = torch.cat([*strips[: len(TASKS)], gap, *strips[len(TASKS) :]], dim=1)
    pixels = (sheet.permute(1, 2, 0) * 255).round().byte().numpy()
    Image.fromarray(pixels).quantize(256, dither=Image.Dither.NONE).save(SHEET, optimize=True)


if __name__ == "__main__":
    main()
