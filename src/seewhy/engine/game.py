"""The game: what does the model say when only these parts are present? v(S), masked, memoised and metered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.baseline import Baseline
from ..domain.evidence import Evidence, PartScores, Sampling
from ..domain.regions import Patches, Regions, RegionSpec
from ..domain.shapes import Coalitions, Masks, Outputs, Scores
from ..domain.whole_frames import kept_frames
from ..errors import BadOption
from .answers import Key, names_of
from .estimate import Estimate
from .masked import Masked, Show, around
from .probe import Probe
from .shortened import Shortened


@dataclass(frozen=True)
class Game:
    """One image, its parts, and what absence means."""

    probe: Probe
    index: int  # of the image in the probe's batch
    image: Float[Tensor, "c *space"]
    regions: Regions
    baseline: Baseline

    @staticmethod
    def of(probe: Probe, index: int, regions: RegionSpec, baseline: Baseline) -> Game:
        """The game of one image of the probe's batch."""
        image = probe.images[index]
        layout = probe.model.layout if _needs_patches(regions, baseline) else None
        patches = None if layout is None or layout.tokens is None else tuple(layout.tokens.grid)
        parts = regions.of(image, patches).to(image.device)
        return Game(probe, index, image, parts, baseline)

    @property
    def players(self) -> int:
        return self.regions.count

    def values(self, coalitions: Coalitions) -> Scores:
        """The target's score with exactly these parts present; answers already paid for are not asked again."""
        coalitions = coalitions.to(self.image.device)
        names = names_of(coalitions)
        return self._score(self.probe.answers.get(self._key, names, lambda rows: self._ask(coalitions[rows])))

    def whole(self) -> Float[Tensor, ""]:
        """The score of the untouched image: the clean prediction, at no further call."""
        return self._score(self.probe.clean[self.index : self.index + 1])[0]

    @cached_property
    def empty(self) -> Float[Tensor, ""]:
        """The score when every part is absent; games that split the whole image share this answer."""
        key = self._key if not self.regions.everywhere else (self._key[0], "all", *self._key[2:])
        nobody = torch.zeros(1, self.players, dtype=torch.bool, device=self.image.device)
        return self._score(self.probe.answers.get(key, [b"nobody"], lambda _: self._ask(nobody)))[0]

    def without_each(self) -> Scores:
        """The score without each part, one at a time."""
        return self.values(~torch.eye(self.players, dtype=torch.bool, device=self.image.device))

    def soft(self, masks: Iterator[tuple[list[bytes], Masks]]) -> Iterator[tuple[Masks, Scores]]:
        """Scores under soft masks, streamed: each block of masks, which come with names, with its scores."""
        for names, block in masks:
            block = block.to(self.image.device)
            yield block, self._score(self.probe.answers.get(self._key, names, partial(self._soft_outputs, block)))

    def under(self, masks: Masks) -> Scores:
        """Scores under masks of any form that are at hand; equal ones are asked about once."""
        names = [_name(mask) for mask in masks]
        return self._score(self.probe.answers.get(self._key, names, partial(self._soft_outputs, masks)))

    # -- inside

    @property
    def _key(self) -> Key:
        return self.probe.digest(self.index), self.regions.digest, self.baseline.digest, self.probe.precision

    def _score(self, outputs: Outputs) -> Scores:
        return self.probe.targets[self.index](outputs)

    def _ask(self, coalitions: Coalitions) -> Outputs:
        if self.baseline.tokens:
            return self._dropped_outputs(coalitions)
        if self.baseline.shortens:
            blocks = coalitions.split(self.probe.chunks.forward)
            return self._shortened.outputs(torch.cat([kept_frames(self.regions.masks(block)) for block in blocks]))
        bounds = None if self.baseline.moves else self.regions.around(coalitions)
        return self._masked.answers(
            len(coalitions), lambda rows: self.regions.masks(coalitions[rows]), self._shows, bounds
        )

    @cached_property
    def _masked(self) -> Masked:
        return Masked(self.probe, self.image)

    @cached_property
    def _shortened(self) -> Shortened:
        return Shortened(self.probe, self.image, self._fills[:, :, :1])

    @cached_property
    def _fills(self) -> Tensor:
        return self.baseline.fill(self.image)

    @cached_property
    def _shows(self) -> list[Show]:
        """What masks leave of the image, one for each fill of the baseline."""
        if self.baseline.adaptive:
            return [partial(self.baseline.shown, self.image)]
        return [self._masked.over(fill) for fill in self._fills]

    def _soft_outputs(self, masks: Masks, rows: list[int]) -> Float[Tensor, "asked classes"]:
        """Outputs of the image seen through masks, averaged over the fills of the baseline."""
        masks = masks[rows].to(self.image.device)
        if self.baseline.shortens:
            return self._shortened.outputs(kept_frames(masks))
        bounds = around(~masks) if masks.dtype == torch.bool and not self.baseline.moves else None
        return self._masked.answers(len(masks), lambda some: masks[some], self._shows, bounds)

    def _dropped_outputs(self, coalitions: Coalitions) -> Outputs:
        """Outputs with the patches of absent parts left out of the sequence, rows of equal length together."""
        patches = self._patch_parts()
        present = coalitions[:, patches]
        lengths = present.sum(dim=1)
        rows: list[tuple[Tensor, Outputs]] = []
        for length in lengths.unique().tolist():
            who = (lengths == length).nonzero()[:, 0]
            keep = present[who].nonzero()[:, 1].reshape(len(who), int(length))
            rows.append((who, self.probe.outputs_of_patches(self.image.expand(len(who), *self.image.shape), keep)))
        order = torch.cat([block for block, _ in rows]).argsort()
        return torch.cat([outputs for _, outputs in rows])[order]

    def _patch_parts(self) -> Tensor:
        """The part that each patch belongs to; parts must be unions of patches."""
        tokens, labels = self.probe.model.layout.tokens, self.regions.labels
        if tokens is None or labels is None:
            raise BadOption(
                "Dropped tokens need a vision transformer and parts that do not overlap.", fix="use another baseline."
            )
        patches = torch.stack([cell for cell in _cells(labels, tuple(tokens.grid))])
        if bool((patches != patches[:, :1]).any()) or bool((patches < 0).any()):
            raise BadOption(
                f"The {self.regions.kind} cut through the model's patches, so tokens cannot be dropped.",
                fix="use regions=patches (or a grid whose cells are whole patches).",
            )
        return patches[:, 0]


def part_evidence(
    game: Game, found: Estimate | Tensor, sampling: Sampling | None = None, *, complete: bool = False
) -> Evidence:
    """One number per part as evidence, with the error bars that come with it, wherever it was computed.

    `complete` when the numbers promise to sum to whole - empty.
    """
    numbers = (found, None, None) if isinstance(found, Tensor) else found.parts
    values, stderr, band = (None if part is None else part.float().to(game.image.device) for part in numbers)
    assert values is not None
    return Evidence(
        game.regions.native(values)[None],
        None if stderr is None else game.regions.native(stderr)[None],
        None if band is None else game.regions.native(band)[None],
        parts=(PartScores(game.regions, values, stderr, band),),
        total=values.sum()[None] if complete else None,
        explained=(game.whole() - game.empty)[None] if complete else None,
        empty=game.empty[None],
        sampling=None if sampling is None else (sampling,),
    )


def _name(mask: Tensor) -> bytes:
    return hashlib.blake2b(str(mask.dtype).encode() + mask.cpu().numpy().tobytes(), digest_size=20).digest()


def _needs_patches(regions: RegionSpec, baseline: Baseline) -> bool:
    return baseline.tokens or (isinstance(regions, Patches) and not regions.size)


def _cells(labels: Tensor, grid: tuple[int, ...]) -> Iterator[Tensor]:
    """The pixels of each patch, in token order."""
    if any(size % cells for size, cells in zip(labels.shape, grid, strict=True)):
        raise BadOption(
            f"An input of {tuple(labels.shape)} is not {grid} whole patches.",
            fix="use a colour, blur or noise as baseline.",
        )
    sides = [size // cells for size, cells in zip(labels.shape, grid, strict=True)]
    split = labels.reshape([n for pair in zip(grid, sides, strict=True) for n in pair])
    axes = [*range(0, 2 * len(grid), 2), *range(1, 2 * len(grid), 2)]
    yield from split.permute(axes).flatten(len(grid)).flatten(0, len(grid) - 1)


def gather(found: Sequence[Evidence]) -> Evidence:
    """The evidence of single images as the evidence of their batch."""
    first = found[0]

    def stacked(pick: Callable[[Evidence], Tensor | None]) -> Tensor | None:
        picked = [value for value in map(pick, found) if value is not None]
        return torch.cat(picked) if picked else None

    values = stacked(lambda e: e.values)
    assert values is not None
    return Evidence(
        values,
        stacked(lambda e: e.stderr),
        stacked(lambda e: e.band),
        tuple(part for e in found for part in e.parts or ()) or None,
        stacked(lambda e: e.total),
        stacked(lambda e: e.explained),
        stacked(lambda e: e.empty),
        stacked(lambda e: e.zero),
        tuple(sampling for e in found for sampling in e.sampling or ()) or None,
        first.layer,
        tuple(told for e in found for told in e.chosen),
        first.notes,
        None if first.own_notes is None else tuple(note for e in found for note in e.own_notes or ()),
    )
