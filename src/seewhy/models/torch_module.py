"""Any torch.nn.Module as a model: asked, looked into, asked in faster ways, and copied with other weights."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Hashable
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, nn

from ..domain.shapes import Variants
from ..errors import MissingCapability, SeewhyError
from .framewise import Framewise, frame_parts
from .halves import body_of, halves
from .incremental import Incremental
from .model import Cut, Model
from .opened_module import OpenedModule
from .prepared import as_wanted, prepared
from .randomised import randomised, settling, top_down
from .remembered import made_from
from .runtime import available, compiled
from .tape import Unwritable
from .watch import eagerly

M = TypeVar("M")
ALIKE = ("classes", "regression")  # their answer is a table, so that of a faster way to ask can be compared with it


class TorchModel(OpenedModule):
    """A PyTorch network with all that can be had of it."""

    # -- asking often

    def prepared(self, sample: Variants) -> Model:
        if self._suited or self.task not in ALIKE or not self._as_it_is:
            return self
        made = self._made(lambda: prepared(self.module, self._given(sample)), "prepared", sample.shape[1:])
        return self if made is None else self._copy(made, self.output, as_wanted)

    @property
    def _compiles(self) -> bool:
        elsewhere = self._suited or self.entrance or self.device.type != "cpu"
        return not elsewhere and self.task in ALIKE and self._as_it_is and available()

    def compiled(self, sample: Variants, precision: str) -> Model | None:
        if not self._compiles:
            return None
        facts = (sample.shape[1:], precision, torch.get_num_threads(), self.output, self.rows)
        made = self._made(
            lambda: compiled(self.module, self._rows_in, self._given(sample), precision), "compiled", *facts
        )
        return None if made is None else self._copy(made, None, torch.Tensor.contiguous)

    def halves(self, layer: str, sample: Variants, precision: str) -> Cut | None:
        if not self._compiles:
            return None
        ready = self._given(sample)
        facts = ("body", layer, sample.shape[1:], precision, torch.get_num_threads())
        body = self._made(lambda: body_of(self.module, layer, ready, precision), *facts)
        with torch.no_grad(), eagerly(self.module):  # not inference mode: a graph may go on from the layer
            found = None if body is None else halves(self.module, layer, body, self._answer, ready, precision)
        return None if found is None else lambda images: found(self._normalised(images))

    def _made(self, make: Callable[[], M | None], *facts: Hashable) -> M | None:
        """What is made from the network as it is now: once, and again when a weight has changed."""

        def borrowing() -> M | None:
            with self.borrowed(), eagerly(self.module):
                return make()

        return made_from(self.module, facts, borrowing)

    def _copy(
        self, made: nn.Module, output: Callable[[Any], Tensor] | None, suited: Callable[[Tensor], Tensor]
    ) -> Model:
        model = TorchModel(made, name=self.name, labels=self.labels, preprocess=self.preprocess, output=output)
        model._suited, model._shape = suited, self._shape
        return model

    def incremental(self, image: Variants) -> Incremental | None:
        if self.task not in ALIKE or not self._as_it_is:
            return None
        try:
            found = Incremental(self.module, self._given(image), self._normalised, self._read)
            return found if found.answers_like(self, image) else None
        except (Unwritable, RuntimeError):  # what it does cannot be run again in parts
            return None

    def framewise(self, clip: Variants) -> Framewise | None:
        try:
            parts = frame_parts(self.layout.run, clip.shape[2])
        except SeewhyError:  # it cannot be looked into
            return None
        if not parts:
            return None
        with torch.no_grad(), eagerly(self.module):
            found = Framewise(self.module, parts, clip, self)
            return found if found.answers_like(self) else None

    # -- other networks of the same kind

    def top_down(self, image: Variants) -> list[str]:
        with torch.no_grad(), eagerly(self.module):
            return top_down(self.module, lambda: self(image))

    def randomised(self, images: Variants, *, seed: int, parts: Collection[str] | None = None) -> Model:
        if next(self.module.parameters(), None) is None:
            problem = f"{self.name} has no parameters that could be drawn anew."
            raise MissingCapability(problem, fix="wrap the network itself.")
        made = self.twin(lambda module: randomised(module, seed=seed, parts=parts))
        with made.borrowed(), torch.no_grad(), settling(made.module, parts):
            made(images)
        return made

    def moved(self, device: torch.device) -> Model:
        return self.twin(lambda module: copy.deepcopy(module).to(device))

    def twin(self, make: Callable[[nn.Module], nn.Module]) -> Self:
        """The same model around a network made from its own."""
        twin = copy.copy(self)
        try:
            with self.borrowed():
                twin.module = make(self.module)
        except (RuntimeError, TypeError, ValueError) as error:
            cause = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise MissingCapability(f"{self.name} cannot be copied: {cause}", fix="give the plain network.") from error
        return twin
