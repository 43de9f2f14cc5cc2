"""A torch.nn.Module that is looked into: what one dry run finds, and what is read, held or bent on the way."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import reduce
from operator import or_
from typing import Self

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..domain.capability import Capability
from ..domain.shapes import Outputs, Variants
from ..errors import MissingCapability, ModelError, ModelFailed, NoSuitableLayer, SeewhyError
from .asked_module import AskedModule
from .clip_order import ALIKE_AXES, cannot_be_told, known_order
from .detection import all_shown
from .layout import Layout
from .outputs import out_of_memory
from .remembered import layout_of
from .sample import noise, sample_shapes
from .tail import Tail
from .tokens import dropping
from .watch import Watch, eagerly, watching

UNSTEADY = (
    "The same image got another answer when asked again by itself: the network draws random numbers, or mixes the"
    " images of a batch. Its maps are not to be trusted."
)
SCRIPTED = "it is a TorchScript module, whose inside runs out of Python's sight"


class OpenedModule(AskedModule):
    """Looks into a PyTorch network; what it can give is found by one dry run."""

    # -- what it offers

    @property
    def layout(self) -> Layout:
        """The layout for images of the shape that was met, or of the size the model is made for."""
        self._python()
        if self._shape is not None:
            return self.layout_of(self._shape)
        failures: list[SeewhyError] = []
        for shape in sample_shapes(self.module, self.preprocess):
            try:
                return self.layout_of(shape)
            except ModelError as error:
                failures.append(error)
        raise failures[0]

    def layout_of(self, shape: tuple[int, ...]) -> Layout:
        """The layout for images of one shape (c, *space)."""
        self._settle(shape)
        facts = (shape, self.task, self.output, self.preprocess, self.order)
        try:
            return layout_of(self.module, facts, lambda: self._found(shape))
        except (RuntimeError, MemoryError) as error:  # a lack of memory may pass: it is not remembered
            if isinstance(error, ModelError) or not out_of_memory(error):
                raise
            raise ModelFailed(
                f"{self.name} does not fit into memory with two images and a backward pass.",
                fix="use a score-only method: occlusion, rise, kernel-shap; or another device.",
            ) from error

    def _found(self, shape: tuple[int, ...]) -> Layout:
        with self.borrowed(), eagerly(self.module), all_shown(self.module, self.task):
            return Layout.of(self.module, self._unasked(), noise(shape, self.device))

    def _unasked(self) -> Self:
        """The model without a question: what is found about it holds for every one."""
        other = copy.copy(self)
        other.rows = None
        return other

    @property
    def doubts(self) -> tuple[str, ...]:
        tried = self.takes is None and known_order(self.module) is None
        alike = (ALIKE_AXES,) if tried and self._shape is not None and cannot_be_told(self._shape) else ()
        try:
            return alike if self.layout.run.repeatable else (*alike, UNSTEADY)
        except ModelError:
            return alike

    @property
    def missing(self) -> dict[Capability, str]:  # type: ignore[override]
        inside = (Capability.LAYERS, Capability.ATTENTION, Capability.JOINT, Capability.TOKENS, Capability.POOLING)
        if isinstance(self.module, torch.jit.ScriptModule):
            return dict.fromkeys(inside, SCRIPTED)
        try:
            return self.layout.missing
        except ModelError as error:
            return dict.fromkeys(inside[1:], f"the dry run failed: {error.problem}")

    @property
    def capabilities(self) -> Capability:  # type: ignore[override]
        return ~Capability.NOTHING & ~reduce(or_, self.missing, Capability.NOTHING)

    def _python(self) -> None:
        if isinstance(self.module, torch.jit.ScriptModule):
            raise NoSuitableLayer(f"{self.name} cannot be looked into: {SCRIPTED}.", fix="give the eager module.")

    # -- looking inside

    @contextmanager
    def watching(self, layers: Sequence[str] = (), *, attention: bool = False, values: bool = False) -> Iterator[Watch]:
        self._python()
        often = self.layout.often(layers) if layers else {}
        with watching(self.module, layers, attention=attention, values=values, often=often) as watch:
            yield watch

    @contextmanager
    def dropping(self, keep: Tensor) -> Iterator[None]:
        tokens = self.layout.tokens
        if tokens is None or tokens.entrance is None:
            raise MissingCapability(
                f"{self.name} cannot leave tokens out: {self.layout.why_no_dropping}.",
                fix="use a colour, blur or noise as baseline.",
            )
        with eagerly(self.module), dropping(self.module, tokens, keep):
            yield

    def tail(self, layer: str, image: Variants) -> Tail:
        ready = self._given(image)

        def ask(count: int, shared: bool) -> Outputs:
            copies = ready.expand(count, *ready.shape[1:])
            return self._answer(copies if shared else copies.clone())

        with torch.no_grad(), eagerly(self.module):  # not inference mode: a graph may go on from the tail
            often = self.layout.often([layer])
            return Tail(self.module, layer, ask, frames=self.layout.frames(layer), runs=often.get(layer, 1))

    @contextmanager
    def bending(self, modes: Sequence[TorchFunctionMode]) -> Iterator[None]:
        self._python()
        with eagerly(self.module), ExitStack() as stack:
            for mode in modes:
                stack.enter_context(mode)
            yield
