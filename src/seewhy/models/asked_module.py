"""Any torch.nn.Module asked in image space: how images become its input, and its answer rows of outputs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..domain.shapes import Outputs, Variants
from .clip_order import SAY, ClipOrder, first_that_fits, known_order, order_of, said_order
from .fingerprint import fingerprint
from .lending import lent, tensors, while_lent
from .model import Model
from .outputs import asking, checked
from .runtime import Compiled
from .sample import noise, stated_size
from .tasks import Rows, Task, image_side, kind_for
from .unasked import rows_of
from .unwrapped import unwrapped
from .watch import eagerly

if TYPE_CHECKING:
    from ..inputs.preprocess import Preprocess

GREY = (0.299, 0.587, 0.114)  # luma weights, as Pillow converts to "L"


class AskedModule(Model):
    """Asks a PyTorch network, and gives it back as it was."""

    def __init__(
        self,
        module: nn.Module,
        *,
        name: str | None = None,
        labels: Sequence[str] | None = None,
        preprocess: Preprocess | None = None,
        output: Callable[[Any], Any] | None = None,
        task: Task = "classes",
        unit: str = "",
        takes: str | None = None,
    ) -> None:
        self.module = unwrapped(module)
        self.name = name or type(self.module).__name__
        self.labels = tuple(labels) if labels is not None else None
        self.preprocess, self.output = preprocess, output
        self.task, self.kind, self.unit = task, kind_for(task), unit
        self.entrance = image_side(self.module) if task == "embedding" else None  # what is called, if not the network
        self.rows: Rows | None = None  # how the answer is read for one question; None: as the task is
        self._shape: tuple[int, ...] | None = None  # of the images that come next
        self.takes, self.order = takes, said_order(takes) or known_order(self.module)  # None: it is to be tried
        self.size = stated_size(self.module) if preprocess is None else None
        self._suited: Callable[[Tensor], Tensor] | None = None  # of a copy: images as it computes on them

    def meet(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._settle(shape)

    def _settle(self, shape: tuple[int, ...]) -> None:
        """Find out how the network wants clips of this shape, where that is neither said nor known."""
        if self.order is not None or len(shape) != 4:
            return

        def ask(given: Tensor | list[Tensor]) -> Outputs:
            return checked(self._rows_in(self.module(given)), 1, self.name)

        def tried() -> ClipOrder | None:
            with self.borrowed(), eagerly(self.module), torch.no_grad():
                found = first_that_fits(ask, self._normalised(noise(shape, self.device)[:1]), self.takes)
            return None if found is None else found[0]

        self.order = order_of(self.module, (shape, self.takes, self.output), tried)

    def __call__(self, images: Variants) -> Outputs:
        return self._answer(self._given(images))

    def spending(self, images: Variants) -> Outputs:
        return self._answer(self._ready(images))

    def _answer(self, ready: Tensor) -> Outputs:
        return self._read(self._asked(ready), len(ready))

    def raw(self, images: Variants) -> Any:
        return self._picked(self._asked(self._given(images)))

    def reread(self, rows: Rows, **facts: Any) -> Model:
        other = copy.copy(self)
        for fact, value in facts.items():
            setattr(other, fact, value)
        other.rows = rows
        return other

    def _asked(self, ready: Tensor) -> Any:
        with asking(self.name, tuple(ready.shape), self._way_out(ready)):
            ask = self.module if self.entrance is None else getattr(self.module, self.entrance)
            return ask(ready if self.order is None else self.order(ready))

    def _way_out(self, ready: Tensor) -> str:
        """What else may be wrong with an input of this shape."""
        if ready.ndim == 5:
            return f", or {SAY}"
        clips = ready.ndim == 4 and any(isinstance(part, nn.Conv3d) for part in self.module.modules())
        return ", or give clips: a batch (n, c, t, h, w), or one clip[None]" if clips else ""

    def _read(self, answer: Any, rows: int) -> Outputs:
        with asking(self.name, (rows,)):
            return checked(self._rows_in(answer), rows, self.name)

    def _rows_in(self, answer: Any) -> Tensor:
        read = self.rows or rows_of(self.task, self.name)
        return read(self._picked(answer))

    def _picked(self, answer: Any) -> Any:
        return answer if self.output is None else self.output(answer)

    def _given(self, images: Variants) -> Tensor:
        """What the network is called with: never the caller's own memory, for it may write into that."""
        ready = self._ready(images)
        return ready.clone() if ready is images and not isinstance(self.module, Compiled) else ready

    def _ready(self, images: Variants) -> Tensor:
        ready = self._normalised(images)
        return ready if self._suited is None else self._suited(ready)

    def _normalised(self, images: Variants) -> Tensor:
        ready = images.to(self.device, self.dtype)
        if self.preprocess is not None:
            if self.preprocess.channels == 1 and ready.shape[1] == 3:
                weights = ready.new_tensor(GREY).view(3, *[1] * (ready.ndim - 2))
                ready = (ready * weights).sum(1, keepdim=True)
            ready = self.preprocess.normalise(ready)
        return ready

    @property
    def plain(self) -> bool:
        """Whether the network itself, called with images, answers as the model does."""
        neutral = self.preprocess is None or (set(self.preprocess.mean) == {0.0} and set(self.preprocess.std) == {1.0})
        return neutral and self.output is None and self.rows is None and self.entrance is None and self._as_it_is

    @property
    def _as_it_is(self) -> bool:
        """Whether clips are handed over as they are."""
        return self.order is None or self.order.plain

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        found = next(tensors(self.module), None)
        return torch.device("cpu") if found is None else found.device

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        return next((t.dtype for t in tensors(self.module) if t.is_floating_point()), torch.float32)

    @property
    def fingerprint(self) -> str:
        return while_lent(fingerprint, self.module)

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        with lent(self.module, self.device):
            yield
