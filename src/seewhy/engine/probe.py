"""The probe: the only door to a model. It chunks, meters, freezes, restores and shares runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import torch
from jaxtyping import Int
from torch import Tensor

from ..domain.baseline import Baseline
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import RegionSpec
from ..domain.shapes import Images, Outputs, Scores, Variants
from ..domain.target import Target
from ..models.framewise import Framewise
from ..models.model import Cut, Model
from .answers import Answers
from .channels import Channels
from .chunks import Chunks
from .control import Control
from .reading import finite, read_chunk
from .records import AttentionRecord, LayerRecord, Reading, Wants

if TYPE_CHECKING:
    from .game import Game

Precision = Literal["float32", "bfloat16"]
OFTEN = 32  # passes of one image: preparing a copy takes about as long as ten
COMPILES = 256  # passes: translating a network takes about two seconds, and saves a third of each pass
FEWEST = 4  # images in one question: few are not worth the while
Rows = Int[Tensor, " n"]  # for each variant, the image it was made from


@dataclass
class Probe:
    """Asks one model about a batch of images, each with its target."""

    model: Model
    images: Images
    targets: list[Target]
    control: Control = field(default_factory=Control)
    precision: Precision = "float32"
    reading: Reading | None = None  # what one shared pass over the clean images brought
    answers: Answers = field(default_factory=Answers)
    rivals: list[Target] | None = None  # targets of a second reading, for the class-discrimination check
    rival_reading: Reading | None = None
    expected: Cost = field(default_factory=Cost)  # what is to come, where faster ways to ask are allowed
    cut: Cut | None = None  # a faster way to the one layer that is read

    def __post_init__(self) -> None:
        self.images = self.images.to(self.model.device)
        self.model.meet(tuple(self.images.shape[1:]))
        self.chunks = Chunks(self.images[0].numel(), self.model.device, self.model.limit)
        self._digests: dict[int, str] = {}

    # -- asking for numbers

    def outputs(self, images: Variants) -> Outputs:
        """All class outputs of each image, without a graph."""
        model, by = self._quickest(len(images))
        return self._answers(len(images), lambda rows: model(images[rows]), by)

    def spending(self, images: Variants) -> Outputs:
        """The same of images that nobody needs afterwards; the outputs share no memory with them."""
        model, by = self._quickest(len(images))
        return self._answers(len(images), lambda rows: model.spending(images[rows]), by)

    def outputs_of_patches(self, images: Variants, keep: Int[Tensor, "n kept"]) -> Outputs:
        """All class outputs of each image when the network sees only these of its patches."""

        def ask(rows: slice) -> Outputs:
            with self.asked.dropping(keep[rows]):
                return self.asked(images[rows])

        return self._answers(len(images), ask, self._by)

    def outputs_of_clips(self, count: int, clips: Callable[[slice], Variants]) -> Outputs:
        """All class outputs of clips of another length than the images, made as they are asked about."""
        return self._answers(count, lambda rows: self.model(clips(rows)), "plain")

    def outputs_of_frames(self, framewise: Framewise, keep: Int[Tensor, "n kept"]) -> Outputs:
        """All class outputs of a clip's frames, which were looked at before, when only these are joined."""
        return self._answers(len(keep), lambda rows: framewise(keep[rows]), "frames", tail=True)

    def scores(self, images: Variants, of: Rows | None = None) -> Scores:
        """The target's score of each image."""
        return self.score(self.outputs(images), of)

    def score(self, outputs: Outputs, of: Rows | None = None) -> Scores:
        """Outputs as scores of the targets of the images they belong to."""
        of = self._rows(len(outputs), of)
        scores = outputs.new_empty(len(outputs))
        for i in of.unique().tolist():
            scores = scores.masked_scatter(of == i, self.targets[i](outputs[of == i]).to(scores))
        return scores

    @property
    def looked(self) -> str:
        """What ran the shared pass."""
        return self._read(Wants()).by

    @cached_property
    def asked(self) -> Model:
        """Who answers: the model, or a copy of it that was prepared for being asked often."""
        return self.model.prepared(self.images[:1]) if self.often else self.model

    @property
    def often(self) -> bool:
        """Whether so much will be asked that a prepared copy of the model pays."""
        return self.expected.calls >= OFTEN

    @cached_property
    def compiled(self) -> Model | None:
        """The model in a faster runtime, for numbers alone, where so much will be asked that translating it pays."""
        return self.model.compiled(self.images[:1], self.precision) if pays_to_compile(self.expected) else None

    @property
    def _by(self) -> str:
        return "plain" if self.asked is self.model else "prepared"

    def _quickest(self, images: int) -> tuple[Model, str]:
        """Who answers so many images at once, and what that is called."""
        if images < min(FEWEST, self.chunks.forward):  # of clips one call may hold fewer
            return self.model, "plain"
        return (self.asked, self._by) if self.compiled is None else (self.compiled, "openvino")

    @property
    def clean(self) -> Outputs:
        """Outputs of the images themselves: asked once per probe."""
        return self._read(Wants()).outputs

    # -- asking how the score changes

    def gradients(self, images: Variants | None = None, of: Rows | None = None) -> Variants:
        """How the score changes with each value of the image; without arguments, of the clean images."""
        if images is None:
            found = self._read(Wants(pixels=True, gradients=True)).pixels
            assert found is not None
            return found
        return self.scores_and_gradients(images, of)[1]

    def scores_and_gradients(self, images: Variants, of: Rows | None = None) -> tuple[Scores, Variants]:
        """The scores of variants and how they change, from one pass."""
        owners = self._rows(len(images), of)

        def call(rows: slice) -> tuple[Tensor, Tensor]:
            asked = images[rows].detach().clone().requires_grad_()
            with torch.enable_grad(), self.autocast():
                outputs = self.asked(asked).float()
            scores = self.score(outputs, owners[rows])
            (gradient,) = torch.autograd.grad(scores.sum(), asked)
            self.control.pay(Cost(len(outputs), len(outputs)), self._by)
            return scores.detach(), finite(gradient.float(), self.model.name)

        self.control.check()
        scores, gradients = zip(*self.chunks.run(len(images), call, backward=True), strict=True)
        return torch.cat(scores), torch.cat(gradients)

    def layer(self, layer: str | None = None, *, gradients: bool = True) -> LayerRecord:
        """Activations of a layer for the clean images, as maps, and the score's gradient at them."""
        name = self.model.layout.choose().name if layer is None else self.model.layout.find(layer)
        return self._read(Wants(layers=(name,), gradients=gradients)).layers[name]

    @property
    def reads_moments(self) -> bool:
        """Whether the model does more with the moments of its last map of a clip than sum over them."""
        return self.model.layout.reads_moments

    def layers(self, names: Sequence[str], *, gradients: bool = True) -> list[LayerRecord]:
        """The same of several layers, from one pass."""
        found = self._read(Wants(layers=tuple(map(self.model.layout.find, names)), gradients=gradients)).layers
        return [found[self.model.layout.find(name)] for name in names]

    def levels(self, count: int, *, gradients: bool = True) -> list[LayerRecord]:
        """The same of the last layer of each of the `count` coarsest resolutions, the coarsest last."""
        return self.layers(self.model.layout.levels(count), gradients=gradients)

    def layer_of(self, images: Variants, of: Rows, layer: str | None = None, *, gradients: bool = True) -> LayerRecord:
        """The same of a layer for variants of the images, in a pass of their own."""
        targets = [self.targets[i] for i in of.tolist()]
        variants = Probe(self.model, images, targets, self.control, self.precision)
        variants.chunks = self.chunks
        return variants.layer(layer, gradients=gradients)

    def channels(self, index: int, layer: str | None = None) -> Channels:
        """The game of one image of the batch whose players are the channels of a layer."""
        name = self.model.layout.choose().name if layer is None else self.model.layout.find(layer)
        return Channels(self, name, index)

    def attention(self, *, gradients: bool = False, values: bool = False) -> AttentionRecord:
        """Attention weights of every block for the clean images, the score's gradient at them, and what is moved."""
        found = self._read(Wants(attention=True, gradients=gradients, values=values)).attention
        assert found is not None
        return found

    # -- playing

    def play(self, regions: RegionSpec, baseline: Baseline, reading: Callable[[Game], Evidence]) -> Evidence:
        """Read a game of each image, one after the other, into the evidence of the batch."""
        from .game import Game, gather

        found = []
        for i in range(len(self.images)):
            self.control.start()
            found.append(reading(Game.of(self, i, regions, baseline)))
        return gather(found)

    def against(self, targets: list[Target], reading: Reading | None = None) -> Probe:
        """The same images asked about other targets; answers already paid for are shared."""
        other = Probe(self.model, self.images, targets, self.control, self.precision, reading, self.answers)
        other.chunks, other._digests, other.expected = self.chunks, self._digests, self.expected
        return other

    def only(self, i: int, target: Target) -> Probe:
        """One image of the batch by itself, with its own target; its clean answer and the memo come along."""
        alone = Probe(self.model, self.images[i : i + 1], [target], self.control, self.precision, answers=self.answers)
        reading, rivals = self._read(Wants()), self.rival_reading
        alone.reading = reading.row(i, gradients=target == self.targets[i])
        alone.expected = self.expected
        alone.rival_reading = None if rivals is None else rivals.row(i, gradients=True)
        return alone

    def digest(self, i: int) -> str:
        """The identity of one image of the batch."""
        if i not in self._digests:
            pixels = self.images[i].detach().float().cpu().contiguous().numpy()
            self._digests[i] = hashlib.blake2b(
                repr(pixels.shape).encode() + pixels.tobytes(), digest_size=16
            ).hexdigest()
        return self._digests[i]

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """The precision that was asked for."""
        lower = self.precision == "bfloat16"
        with torch.autocast(self.model.device.type, torch.bfloat16) if lower else nullcontext():
            yield

    @contextmanager
    def precisely(self) -> Iterator[None]:
        """float32 whatever was asked for: gradients at single pixels, not averaged, are lost in bfloat16."""
        asked, self.precision = self.precision, "float32"
        self.control.precise |= asked != "float32"
        try:
            yield
        finally:
            self.precision = asked

    # -- inside

    def _answers(self, count: int, ask: Callable[[slice], Outputs], by: str, *, tail: bool = False) -> Outputs:
        def call(rows: slice) -> Outputs:
            with torch.inference_mode(), self.autocast():
                outputs = ask(rows)
            self.control.pay(Cost(tail=len(outputs)) if tail else Cost(forward=len(outputs)), by)
            return outputs.float()

        self.control.check()
        return torch.cat(list(self.chunks.run(count, call)))

    def _read(self, wants: Wants) -> Reading:
        """The shared pass; it is repeated only when something was not announced."""
        if self.reading is None or not self.reading.serves(wants):
            self.reading, self.rival_reading = read(self, wants | (self.reading.wants if self.reading else Wants()))
        return self.reading

    def _rows(self, count: int, of: Rows | None) -> Rows:
        if of is None:
            assert count == len(self.images), "variants need `of`: the image each was made from"
            of = torch.arange(count)
        return of.to(self.model.device)


def pays_to_compile(expected: Cost) -> bool:
    """Whether so many passes without gradients at the pixels are to come that translating a network pays."""
    return expected.forward - expected.backward >= COMPILES


def read(
    probe: Probe, wants: Wants, choose: Callable[[Outputs, int], None] | None = None
) -> tuple[Reading, Reading | None]:
    """One pass over the clean images for all that several methods want; `choose` may set targets on the way."""

    def call(rows: slice) -> tuple[Reading, Reading | None]:
        return read_chunk(probe, rows, wants, choose)

    probe.control.check()
    parts = list(probe.chunks.run(len(probe.images), call, backward=wants.graph))
    rivals = [rival for _, rival in parts if rival is not None]
    return Reading.joined([reading for reading, _ in parts]), Reading.joined(rivals) if rivals else None
