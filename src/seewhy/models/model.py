"""The interface behind which every kind of model hides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from ..domain.capability import Capability, Card
from ..domain.shapes import Outputs, Variants
from ..domain.target import Kind
from ..errors import MissingCapability, NoSuitableLayer
from .tasks import Rows, Task

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.overrides import TorchFunctionMode

    from ..inputs.preprocess import Preprocess
    from .framewise import Framewise
    from .incremental import Incremental
    from .layout import Layout
    from .tail import Tail
    from .watch import Watch

Cut = Callable[["Tensor"], tuple["Tensor", "Tensor"]]


class Model(ABC):
    """Asks a network in image space: [0,1] RGB in, class outputs out."""

    name: str
    labels: tuple[str, ...] | None
    preprocess: Preprocess | None  # None: how it wants its input is not known
    capabilities: Capability
    missing: dict[Capability, str]  # why a capability is off
    device: torch.device
    dtype: torch.dtype
    size: tuple[int, ...] | None = None  # height and width it is built for, where nothing more of its input is known
    limit: int | None = None  # largest batch that one call may carry
    elsewhere: bool = False  # computed outside of torch, where a precision asked for does not reach
    task: Task = "classes"
    kind: Kind | None = None  # what its rows are; None: told from the answer
    unit: str = ""  # of values
    notes: tuple[str, ...] = ()  # what was assumed about the model, shown as checks

    @abstractmethod
    def __call__(self, images: Variants) -> Outputs:
        """Outputs in float32 on the model's device, differentiable if it offers gradients; normalises by itself."""

    def spending(self, images: Variants) -> Outputs:
        """The same of images that nobody needs afterwards: the network may write into them."""
        return self(images)

    def raw(self, images: Variants) -> Any:
        """The answer before it is read as rows."""
        return self(images)

    def reread(self, rows: Rows, **facts: Any) -> Model:
        """The same model with its answer read as other rows; `facts` are other values of its attributes."""
        from .reread import Reread

        return Reread(self, rows, facts)

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A digest that changes when the model would answer differently."""

    def meet(self, shape: tuple[int, ...]) -> None:  # noqa: B027  (nothing to do where there is no layout)
        """The shape (c, *space) of the images that come next; questions about the layout refer to it."""

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """The model in evaluation mode with frozen parameters; given back exactly as it was."""
        yield

    def watching(
        self, layers: Sequence[str] = (), *, attention: bool = False, values: bool = False
    ) -> AbstractContextManager[Watch]:
        """Record activations of layers, and attention with or without its values, during the calls inside."""
        raise MissingCapability(f"{self.name} cannot be looked into.", fix="wrap a torch.nn.Module.")

    def tail(self, layer: str, image: Variants) -> Tail:
        """What lies behind a layer on the pass of one image (1, c, *space), to be run by itself with other values."""
        raise MissingCapability(f"{self.name} cannot be held at a layer.", fix="wrap a torch.nn.Module.")

    def prepared(self, sample: Variants) -> Model:
        """The same model made for asking often without looking inside; itself where nothing is gained."""
        return self

    def compiled(self, sample: Variants, precision: str) -> Model | None:
        """The same model as a faster runtime runs it, without gradients; None where none answers alike."""
        return None

    def halves(self, layer: str, sample: Variants, precision: str) -> Cut | None:
        """For images their outputs and a layer's raw values, from a faster runtime; None where none answers alike."""
        return None

    def incremental(self, image: Variants) -> Incremental | None:
        """A way to ask about small changes of one image (1, c, *space) for less; None where there is none."""
        return None

    def framewise(self, clip: Variants) -> Framewise | None:
        """One clip (1, c, t, h, w) with its frames looked at once, ready to be joined; None where none can be."""
        return None

    def bending(self, modes: Sequence[TorchFunctionMode]) -> AbstractContextManager[None]:
        """Let modes answer for the torch functions that the network calls inside; the last one hears them first."""
        raise MissingCapability(f"{self.name} runs out of Python's sight.", fix="wrap a torch.nn.Module.")

    def dropping(self, keep: Tensor) -> AbstractContextManager[None]:
        """Leave patches out of the sequence during the calls inside; keep is (n, kept) patch indices."""
        raise MissingCapability(f"{self.name} cannot leave tokens out.", fix="use a colour, blur or noise as baseline.")

    def top_down(self, image: Variants) -> list[str]:
        """The parts that own parameters, nearest the answer first, on the pass of one image (1, c, *space)."""
        raise MissingCapability(f"{self.name} has no parameters that can be reached.", fix="wrap a torch.nn.Module.")

    def twin(self, make: Callable[[nn.Module], nn.Module]) -> Model:
        """The same model around a network made from its own."""
        raise MissingCapability(f"{self.name} has no network that could be copied.", fix="wrap a torch.nn.Module.")

    def randomised(self, images: Variants, *, seed: int, parts: Collection[str] | None = None) -> Model:
        """A copy with the parameters of these parts, or all, drawn anew; running statistics become the images'."""
        raise MissingCapability(f"{self.name} has no parameters that can be reached.", fix="wrap a torch.nn.Module.")

    def moved(self, device: torch.device) -> Model:
        """A copy on another device."""
        raise MissingCapability(f"{self.name} runs where it runs.", fix="wrap a torch.nn.Module.")

    @cached_property
    def layout(self) -> Layout:
        """Where maps of the image live inside the network."""
        raise NoSuitableLayer(f"{self.name} has no layers that can be read.", fix="wrap a torch.nn.Module.")

    @property
    def doubts(self) -> tuple[str, ...]:
        """What was found about the model that makes its maps doubtful, shown as checks."""
        return ()

    @property
    def offers(self) -> Card:
        """The capability card: which methods this model can have, and why the others are off."""
        from .card import card_of

        return card_of(self)
