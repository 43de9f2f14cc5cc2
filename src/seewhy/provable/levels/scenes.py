"""C11 and C20: a small network that has learned a watermark, on scenes that are drawn again without one thing."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

from ...domain.baseline import Colour
from ...domain.target import Target
from ...engine.probe import Probe
from ...engine.trial import Trial
from ...metrics.symmetric_gain import symmetric_gain
from ...models.adapt import adapt
from ...registry import find_method
from ...testing.planted import TAGGED, watermark_images, watermark_network
from ...testing.scenes.sampling import scene_at
from ...testing.scenes.surroundings import watermark
from ..asker import Asker
from ..level import level
from ..setting import Setting
from ..subject import explanations

SCENES, SIDE, CELLS = 6, 32, 8
CONTROLS = ("random", "blurred-random", "centre-prior")


@level("C11", "learned watermark", least=0.5)
def learned_watermark(asker: Asker) -> tuple[float, str]:
    """The watermark alone makes this network see a cross: share of scenes in which the map peaks there."""
    planted = watermark_images(SCENES)
    maps = asker.maps(watermark_network(), planted.images, planted.target, cells=CELLS).flatten(1)
    hits = planted.masks.flatten(1).gather(1, maps.argmax(dim=1, keepdim=True)).double().mean()
    return float(hits), f"the mark fills {float(planted.masks.double().mean()):.0%} of the picture"


@level("C11", "parts switched off", least=0.8)
def parts_switched_off(asker: Asker) -> float:
    """What a thing has of the map goes with what the score loses when it is not drawn: mean correlation."""
    scenes = [scene_at(2 * i, 7, rule=TAGGED, split="test").with_thing(watermark(1)) for i in range(SCENES)]
    network, drawn = watermark_network(), [scene.draw(SIDE) for scene in scenes]
    maps = asker.maps(network, torch.stack([one.image for one in drawn]), 1, cells=CELLS)
    found = []
    for scene, one, values in zip(scenes, drawn, maps, strict=True):
        names = [name for name in one.names if name != "background"]
        with torch.no_grad():
            absent = network(torch.stack([scene.without(name).render(SIDE) for name in names]))[:, 1]
            lost = network(one.image[None])[0, 1] - absent
        shares = torch.stack([(one.shares[one.names.index(name)] * values).sum() for name in names])
        found.append(float(torch.corrcoef(torch.stack([shares, lost.double()]))[0, 1]))
    return float(np.mean(found))


@level("C20", "better than controls", least=0.95)
def better_than_controls(asker: Asker) -> tuple[float, str]:
    """The symmetric gain exceeds that of noise, coarse or fine, and of a blob in the middle: share of resamples."""
    network, planted = watermark_network(), watermark_images(SCENES)
    own = _gains(asker.maps(network, planted.images, planted.target, cells=CELLS).float())
    lead = own - np.max([_gains(_control(name)) for name in CONTROLS], axis=0)
    drawn = np.random.default_rng(0).integers(len(lead), size=(2000, len(lead)))
    return float((lead[drawn].mean(axis=1) > 0).mean()), f"mean lead {lead.mean():.3f} on {SCENES} scenes"


def _gains(maps: Tensor) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The symmetric gain of each map, grey being absent."""
    model, planted = adapt(watermark_network()), watermark_images(SCENES)
    model.meet(tuple(planted.images.shape[1:]))
    target = Target(planted.target, "cross")
    with model.borrowed():
        trials = [
            Trial(Probe(model, image[None], [target]), values, Colour(0.5))
            for image, values in zip(planted.images, maps, strict=True)
        ]
        return np.array([symmetric_gain(trial, fills=1)["gain"].value for trial in trials], dtype=np.float64)


@functools.cache
def _control(name: str) -> Tensor:
    planted = watermark_images(SCENES)
    targets = [planted.target] * SCENES
    found = explanations(find_method(name), {}, watermark_network(), planted.images, targets, Setting(CELLS))
    return torch.from_numpy(np.stack([one.heatmap() for one in found]))
