"""How levels ask: fresh copies, seeded draws, and a map that is what it should be before it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..run.given_maps import maps_of
from ..run.seeded import drawn_from
from .claims import RULES
from .expected import expected
from .setting import Setting
from .subject import Subject

Maps = Float[Tensor, "b *space"]
Draws = Float[Tensor, "draws *map"]
REPEATS = 6  # seeds, where they matter
EXCUSED = 0.25


@dataclass(frozen=True)
class Asker:
    """One explainer, asked about networks of the levels' making."""

    subject: Subject
    seed: int = 0

    def maps(
        self,
        network: nn.Module,
        images: Float[Tensor, "b c *space"],
        targets: int | list[int] = 0,
        *,
        cells: int | None = None,
        samples: int = 256,
        seed: int = 0,
    ) -> Maps:
        """The maps of images, at pixels and in double precision."""
        if images.ndim - 2 not in self.subject.axes:
            raise NotImplementedError("it explains images only" if images.ndim == 5 else "it explains clips only")
        wanted = [targets] * len(images) if isinstance(targets, int) else targets
        setting = Setting(cells, samples, self.seed + seed)
        with drawn_from(setting.seed):
            found = self.subject.ask(network.eval(), images.clone(), wanted, setting)
        return _at_pixels(maps_of(found, images, self.subject.name).cpu().double(), images)

    def draws(self, network: nn.Module, images: Tensor, targets: int | list[int] = 0, **setting: Any) -> Draws:
        """The maps under several seeds; one draw where two seeds give the same."""
        found = [self.maps(network, images, targets, **setting)]
        if self.subject.draws:
            found.append(self.maps(network, images, targets, seed=1, **setting))
            alike = torch.allclose(found[0], found[1], rtol=1e-9, atol=1e-12)
            found = found[:1] if alike else found
            found += [self.maps(network, images, targets, seed=s, **setting) for s in range(2, REPEATS) if not alike]
        return torch.stack(found)

    @property
    def rule(self) -> str | None:
        """The rule that it claims to follow."""
        return next((rule for rule in RULES if rule in self.subject.claims), None)

    def strays(self, network: nn.Module, image: Float[Tensor, "c *space"]) -> tuple[float, str]:
        """How far the map is from the rule it claims, or else from the rule that comes nearest."""
        draws = self.draws(network, image[None], samples=512)[:, 0]
        rules = RULES if self.rule is None else (self.rule,)
        errors = {rule: off(draws, expected(rule, network, image)) for rule in rules}
        nearest = min(errors, key=errors.__getitem__)
        return errors[nearest], nearest


def off(draws: Draws, wanted: Tensor) -> float:
    """The error of the mean over draws beyond what chance explains, as a share of the largest right value."""
    return beyond_chance(draws - wanted, float(wanted.abs().max()))


def beyond_chance(differences: Draws, scale: float) -> float:
    """The largest mean of differences that ought to be zero, less eight standard errors of the few draws.

    A quarter of the scale is the most that chance excuses: noise without end would excuse everything.
    """
    mean, scale = differences.mean(dim=0).abs(), max(scale, 1e-12)
    if len(differences) > 1:
        mean = mean - (8 * differences.std(dim=0) / len(differences) ** 0.5).clamp(max=EXCUSED * scale)
    return float(mean.clamp(min=0).max()) / scale


def error(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, as a share of the largest right value."""
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-12))


def _at_pixels(maps: Maps, images: Tensor) -> Maps:
    """Maps that are what they should be before they are judged."""
    if maps.shape[1:] != images.shape[2:]:
        raise ValueError(f"maps of shape {tuple(maps.shape)} for images of shape {tuple(images.shape)}")
    if not bool(maps.isfinite().all()):
        raise ValueError("the map holds NaN or infinity")
    return maps
