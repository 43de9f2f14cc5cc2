"""Any torch.nn.Module as a model: asked in image space, looked into, and given back as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..domain.capability import Capability
from ..domain.shapes import Outputs, Variants
from ..errors import MissingCapability, ModelError, ModelFailed, NoSuitableLayer, SeewhyError
from .clip_order import (
    ALIKE_AXES,
    SAY,
    ClipOrder,
    cannot_be_told,
    first_that_fits,
    known_order,
    order_of,
    said_order,
)
from .detection import all_shown
from .fingerprint import fingerprint
from .framewise import Framewise, frame_parts
from .halves import body_of, halves
from .incremental import Incremental
from .layout import Layout
from .lending import lent, tensors, while_lent
from .model import Cut, Model
from .outputs import asking, checked, out_of_memory
from .patches import Patches
from .prepared import as_wanted, prepared
from .randomised import randomised, settling, top_down
from .remembered import layout_of, made_from
from .runtime import Compiled, available, compiled
from .sample import noise, sample_shapes, stated_size
from .tail import Tail
from .tape import Tape, Unwritable
from .tasks import Rows, Task, image_side, kind_for
from .tokens import dropping
from .unasked import rows_of
from .unwrapped import unwrapped
from .watch import Watch, eagerly, watching

if TYPE_CHECKING:
    from ..inputs.preprocess import Preprocess

M = TypeVar("M")
GREY = (0.299, 0.587, 0.114)  # luma weights, as Pillow converts to "L"
UNSTEADY = (
    "The same image got another answer when asked again by itself: the network draws random numbers, or mixes the"
    " images of a batch. Its maps are not to be trusted."
)
ALIKE = ("classes", "regression")  # their answer is a table, so that of a faster way to ask can be compared with it
SCRIPTED = "it is a TorchScript module, whose inside runs out of Python's sight"


class TorchModel(Model):
    """Asks a PyTorch network; what it can give is found by one dry run."""

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

    # -- asking

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

    # -- looking inside

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        with lent(self.module, self.device):
            yield

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
            return Tail(
                self.module, layer, ask, frames=self.layout.frames(layer), runs=self.layout.often([layer]).get(layer, 1)
            )

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
            tape = Tape.of(self.module, self._given(image))
            found = Incremental(Patches(tape), self._normalised, self._read)
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

    @contextmanager
    def bending(self, modes: Sequence[TorchFunctionMode]) -> Iterator[None]:
        self._python()
        with eagerly(self.module), ExitStack() as stack:
            for mode in modes:
                stack.enter_context(mode)
            yield

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

    def twin(self, make: Callable[[nn.Module], nn.Module]) -> TorchModel:
        """The same model around a network made from its own."""
        twin = copy.copy(self)
        try:
            with self.borrowed():
                twin.module = make(self.module)
        except (RuntimeError, TypeError, ValueError) as error:
            cause = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise MissingCapability(f"{self.name} cannot be copied: {cause}", fix="give the plain network.") from error
        return twin

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

    def _unasked(self) -> TorchModel:
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
