"""Where maps of the image live inside a network, found by one dry run: which layer to read, and how."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from jaxtyping import Float
from torch import Tensor, nn

from ..domain.capability import Capability
from ..domain.evidence import LayerChoice
from ..errors import NoAttention, NoSuitableLayer, UnknownLayer
from .attention import AttentionCall
from .chain import find_chain
from .dryrun import DryRun, Seen, dry_run, spread_of_a_frame
from .entrance import find_entrance
from .head import reads_moments, why_not_pooled
from .layers import Grid, LayerInfo, Reading, find_name
from .readings import maps_of, readings_of
from .tokens import TokenGrid, find_tokens, split_calls

EARLY = "it comes before the first attention, so places have not looked at each other yet"


@dataclass(frozen=True, eq=False)
class Layout:
    """What a dry run on images of one shape showed about a network."""

    network: weakref.ref[nn.Module]
    run: DryRun
    readings: dict[str, Reading | str]  # for each layer that ran, or why it cannot be read
    tokens: TokenGrid | None
    why_no_tokens: str
    why_no_dropping: str
    why_not_pooled: str = ""  # asked of the layer that is chosen
    reads_moments: bool = False  # more than a sum over the moments of that layer is read
    touched: Mapping[str, Seen] = field(default_factory=dict)  # what changed in each layer with one frame of a clip

    @staticmethod
    def of(module: nn.Module, ask: Callable[[Tensor], Tensor], images: Tensor) -> Layout:
        """Dry-run a network in evaluation mode on two images of noise."""
        run = dry_run(module, ask, images)
        maps = maps_of(run)
        known = list(dict.fromkeys(reading.grid for reading in maps.values() if reading is not None))
        tokens = find_tokens(run, known)
        if isinstance(tokens, str):
            tokens = find_chain(module, ask, run, known, why=tokens)
        if isinstance(tokens, str):
            found, why, dropping = None, tokens, tokens
        elif tokens.parts:
            found, why, dropping = tokens, "", f"{tokens.why_not_joint}, and need the whole grid"
        else:
            (found, dropping), why = find_entrance(module, ask, run, tokens), ""
        layout = Layout(weakref.ref(module), run, readings_of(run, maps, found, known), found, why, dropping)
        if len(run.space) == 3:
            layout = replace(layout, touched=spread_of_a_frame(module, ask, run))
        layout = replace(layout, why_not_pooled=layout._why_not_pooled(ask))
        return layout if len(run.space) == 2 else replace(layout, reads_moments=layout._reads_moments(ask))

    @property
    def module(self) -> nn.Module:
        module = self.network()
        assert module is not None, "the network is gone"
        return module

    @property
    def missing(self) -> dict[Capability, str]:
        """The capabilities that this network lacks, with reasons."""
        reasons: dict[Capability, str] = {}
        if not self.run.differentiable:
            reasons[Capability.GRADIENTS] = "its output does not depend differentiably on the image"
        if not any(info.usable for info in self.layers):
            reasons[Capability.LAYERS] = "no layer keeps a map of the image on the way to the answer"
        if self.tokens is None:
            reasons[Capability.ATTENTION] = reasons[Capability.JOINT] = self.why_no_tokens
        elif self.tokens.parts:
            reasons[Capability.JOINT] = self.tokens.why_not_joint
        if self.why_no_dropping:
            reasons[Capability.TOKENS] = self.why_no_dropping
        if self.why_not_pooled:
            reasons[Capability.POOLING] = self.why_not_pooled
        return reasons

    # -- layers

    @cached_property
    def layers(self) -> tuple[LayerInfo, ...]:
        """Every module but the root, in the order in which they finish; those that never ran come last."""
        ran = [self._info(seen) for name, seen in self.run.seen.items() if name]
        idle = [
            LayerInfo(name, type(module).__name__, (), (), "", False, "it is not used for this answer")
            for name, module in self.module.named_modules()
            if name and name not in self.run.seen
        ]
        return (*ran, *idle)

    def choose(self) -> LayerChoice:
        """The last layer that still is a map of the image which the answer depends on."""
        candidates = self._candidates
        if not candidates:
            raise NoSuitableLayer(
                f"No layer of {type(self.module).__name__} keeps a map of the image on the way to the answer.",
                fix="use a method that needs no layer: integrated-gradients, occlusion, rise.",
            )
        name = self._last(candidates)
        return LayerChoice(name, self._why(name), self._shape(name), *self._in_time(name))

    def levels(self, count: int) -> tuple[str, ...]:
        """The last layer of each of the `count` coarsest resolutions, the coarsest last."""
        grids: dict[Grid, list[str]] = {}
        for name in self._candidates:
            grids.setdefault(self._shape(name)[1:], []).append(name)
        coarsest = sorted(grids, key=math.prod, reverse=True)[-count:]
        return tuple(self._last(grids[grid]) for grid in coarsest)

    def choice(self, asked: str | nn.Module) -> LayerChoice:
        """The layer that was asked for, as it is written into the explanation."""
        name = self.find(asked)
        note = self._note(name)
        chosen = self._chosen()
        if chosen is not None and chosen.name == name:
            return chosen
        why = "given by name" + (f"; {note}" if note else "")
        return LayerChoice(name, why, self._shape(name), *self._in_time(name))

    def find(self, asked: str | nn.Module) -> str:
        """The full name of a layer that can be read, given by name, end of name or module."""
        name = find_name(asked, self.module)
        problem = self._problem(name)
        if problem:
            chosen = self._chosen()
            raise UnknownLayer(
                f"Layer {name!r} cannot serve as a map: {problem}.",
                fix=f"use {chosen.name!r} ({chosen.why})." if chosen else "choose one of `seewhy layers MODEL`.",
            )
        return name

    def read(self, asked: str | nn.Module, raw: Tensor) -> Float[Tensor, "n k *grid"]:
        """The raw output of a layer, or the gradient at it, as channels-first maps of the image."""
        name = self.find(asked)
        reading = self.readings[name]
        assert isinstance(reading, Reading)
        seen = self.run.seen[name].shape
        places = raw.shape[0 if reading.swapped else 1]
        if raw.ndim != len(seen) or ("channels" not in reading.words and places != seen[1]):
            raise UnknownLayer(
                f"Layer {name!r} gave {tuple(raw.shape)} where {seen} was found for images of {self.run.space}.",
                fix="ask for the layout of images of this size.",
            )
        return reading.maps(raw)

    def channel_axis(self, asked: str | nn.Module) -> int:
        """The axis of a layer's raw output that holds its channels."""
        reading = self.readings[self.find(asked)]
        assert isinstance(reading, Reading)
        return reading.channel_axis

    def often(self, layers: Sequence[str]) -> dict[str, int]:
        """The layers among these that run more than once, once for each frame of a clip, and how often."""
        seen = [self.run.seen[name] for name in layers if name in self.run.seen]
        return {one.name: one.runs for one in seen if one.looped}

    def frames(self, layer: str) -> int:
        """How many rows of a layer's raw output belong to one image: the frames of a clip, where they are folded in."""
        reading = self.readings[layer]
        return reading.frames or 1 if isinstance(reading, Reading) else 1

    # -- attention

    def blocks(self, calls: Sequence[AttentionCall]) -> tuple[list[Tensor], Tensor | None]:
        """Attention over all tokens (n, heads, to, from), first block first, and the head's own, if it pools by one."""
        if self.tokens is None:
            raise NoAttention(
                f"The attention of {type(self.module).__name__} cannot be read over all tokens: {self.why_no_tokens}.",
                fix="use a method that reads layers or pixels: grad-cam, integrated-gradients, occlusion.",
            )
        weights = [call.weights for call in calls]
        if self.tokens.parts and len(weights) == self.tokens.blocks:
            return weights, None
        found, pools = split_calls([tuple(w.shape) for w in weights], len(weights[0]) if weights else 0)
        if found != self.tokens.blocks or bool(pools) != self.tokens.pools:
            raise NoAttention(
                f"{len(weights)} attentions were caught where {self.tokens.blocks} blocks were expected.",
                fix="ask for the layout of images of this size.",
            )
        return weights[: self.tokens.blocks], weights[-1] if pools else None

    # -- judging

    @property
    def _candidates(self) -> list[str]:
        """The layers that may be chosen without being named."""
        return [info.name for info in self.layers if info.usable and not self._passed_over(info.name)]

    def _last(self, names: Sequence[str]) -> str:
        """The last one, not a linear layer where there is another."""
        return ([name for name in names if not self._linear(name)] or list(names))[-1]

    def _why_not_pooled(self, ask: Callable[[Tensor], Tensor]) -> str:
        chosen = self._chosen()
        if chosen is None:
            return "no layer keeps a map of the image on the way to the answer"
        reading = self.readings[chosen.name]
        assert isinstance(reading, Reading)
        return why_not_pooled(self.module, ask, self.run, chosen.name, reading)

    def _reads_moments(self, ask: Callable[[Tensor], Tensor]) -> bool:
        chosen = self._chosen()
        if chosen is None or not self.why_not_pooled:
            return False
        if self.tokens is not None and math.prod(self.tokens.grid[-2:]) == 1:
            return True  # whole frames look at each other, however faintly they do before training
        reading = self.readings[chosen.name]
        assert isinstance(reading, Reading)
        return reads_moments(self.module, ask, self.run, chosen.name, reading)

    def _chosen(self) -> LayerChoice | None:
        try:
            return self.choose()
        except NoSuitableLayer:
            return None

    def _info(self, seen: Seen) -> LayerInfo:
        reading, problem = self.readings[seen.name], self._problem(seen.name)
        grid, words = (reading.grid, str(reading)) if isinstance(reading, Reading) else ((), "")
        return LayerInfo(
            seen.name, seen.kind, seen.shape[1:], grid, words, not problem, problem or self._note(seen.name)
        )

    def _problem(self, name: str) -> str:
        """Why a layer cannot serve as a map, or nothing."""
        if name not in self.run.seen:
            return "it is not used for this answer"
        seen, reading = self.run.seen[name], self.readings[name]
        if seen.runs > 1 and not self._follows_frames(name):
            return f"it runs {seen.runs} times in one pass" + ", not frame by frame" * (seen.runs == self.run.space[0])
        if isinstance(reading, str):
            return reading
        if math.prod(reading.grid[-2:]) == 1:
            return "it holds a single place, so the image is already pooled"
        if self.run.differentiable and not self._slope_reaches(seen, reading):
            return self._dead(seen)
        return ""

    def _follows_frames(self, name: str) -> bool:
        """Whether a module runs once for each frame, in their order: the one in the middle changes no earlier run."""
        if not self.run.seen[name].looped:
            return False
        runs = next(iter(self.touched[name].change.values())).flatten(1).amax(dim=1)
        return int((runs > 1e-6 * runs.max()).int().argmax()) == self.run.space[0] // 2

    def _slope_reaches(self, seen: Seen, reading: Reading) -> bool:
        slope = seen.slope.get(_profile_axis(seen, reading))
        return slope is not None and bool((reading.places(slope) > 0).any())

    def _dead(self, seen: Seen) -> str:
        if self.tokens is not None and any(bool((slope > 0).any()) for slope in seen.slope.values()):
            return f"after it only {self._read_tokens()} read, so its image tokens do not reach the answer"
        return "the answer does not depend on it"

    def _read_tokens(self) -> str:
        assert self.tokens is not None
        kind, count = self.tokens.reads, int((self.tokens.readout > 0).sum())
        return f"the {count} {kind} are" if count > 1 else f"the {kind} is"

    def _passed_over(self, name: str) -> str:
        """Why a usable layer is not chosen by itself, or nothing."""
        seen = self.run.seen[name]
        if seen.pooled:
            return "it pools"
        if seen.passes_on or seen.kind in ("Flatten", "Unflatten", "Permute", "Rearrange"):
            return "it hands on what it was given"
        return self._note(name)

    def _note(self, name: str) -> str:
        """What to know about a usable layer, or nothing."""
        if self.tokens is None or not self.tokens.around or math.prod(self.tokens.grid[-2:]) == 1:
            return ""  # where only whole frames look at each other, places never do
        block = max(self.tokens.around, key=lambda around: self.run.seen[around].started)
        outer = min(self.run.seen[around].started for around in self.tokens.around)
        finished = list(self.run.seen)
        before = self.run.seen[name].started < outer and finished.index(name) < finished.index(block)
        return EARLY if before else ""

    def _linear(self, name: str) -> bool:
        return self.run.seen[name].leaf and self.run.seen[name].linear

    def _shape(self, name: str) -> tuple[int, ...]:
        seen, reading = self.run.seen[name], self.readings[name]
        assert isinstance(reading, Reading)
        return seen.shape[reading.channel_axis], *reading.grid

    def _in_time(self, name: str) -> tuple[float, int]:
        """Of a clip how many frames one cell stands for, and about how many it is computed from.

        The latter is told by how many cells one frame changes, times the step from one to the next.
        """
        seen, reading = self.touched.get(name), self.readings[name]
        if seen is None or not isinstance(reading, Reading) or not seen.change:
            return 0.0, 0
        places = reading.places(seen.change[_profile_axis(seen, reading)]).flatten(1).amax(dim=1)
        step, cells = self.run.space[0] / len(places), int((places > 1e-6 * places.max()).sum())
        return step, min(self.run.space[0], round(cells * step))

    def _why(self, name: str) -> str:
        grid = "x".join(map(str, self._shape(name)[1:]))
        if self.tokens is not None and self.tokens.reads in ("class token", "extra tokens"):
            return (
                f"the last layer whose {grid} image tokens reach the answer: after it only {self._read_tokens()} read"
            )
        return f"the last {grid} map of the image before the network pools it"


def _profile_axis(seen: Seen, reading: Reading) -> int:
    return 1 if reading.channel_axis == 1 else len(seen.shape) - 1
