"""One forward and backward pass on noise, watched from outside: what every module received, gave and was asked for."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ModelFailed
from .attention import FUSED, MULTIHEAD, AttentionMode
from .outputs import out_of_memory
from .sample import BATCH
from .watch import tensor_of, with_tensor

ROUNDING = 0.02  # of the largest output: half precision and other kernels for other batches stay well below


@dataclass
class Seen:
    """One module: what went in and came out of its last run, or of all where it ran once for each frame of a clip.

    The batch axis is the first one.
    """

    name: str
    kind: str  # class of the module
    leaf: bool  # it has no modules inside
    linear: bool
    runs: int = 0
    started: int = -1
    given: tuple[int, ...] = ()
    given_change: Tensor | None = None  # difference of the two rows per token, when tokens went in
    shape: tuple[int, ...] = ()
    swapped: bool = False  # the batch axis was the second one
    frames: int = 0  # of a clip, that may be folded into the batch axis
    structured: bool = False  # the tensor came inside a tuple, dict or object
    passes_on: bool = False  # the output is a view of the input, unchanged
    pooled: bool = False
    change: dict[int, Tensor] = field(default_factory=dict)  # channel axis -> difference of the two rows
    slope: dict[int, Tensor] = field(default_factory=dict)  # channel axis -> size of the gradient
    looped: bool = False  # it ran once for each frame, whose runs are taken as folded into the batch
    changes: list[dict[int, Tensor]] = field(default_factory=list)  # of each run
    slopes: dict[int, dict[int, Tensor]] = field(default_factory=dict)

    def settle(self, frames: int) -> None:
        """Take the last run for the module, or the runs of all frames side by side."""
        if not self.changes:
            return
        self.change, self.slope = self.changes[-1], self.slopes.get(len(self.changes) - 1, {})
        sizes = {tuple((axis, tuple(size.shape)) for axis, size in change.items()) for change in self.changes}
        alike = self.runs == len(self.changes) == frames and len(sizes) == 1
        if alike and self.shape[:1] == (BATCH,) and len(self.shape) in (3, 4):
            self.looped, self.frames = True, frames
            self.shape, self.given = ((BATCH * frames, *shape[1:]) for shape in (self.shape, self.given))
            self.change = {axis: torch.stack([change[axis] for change in self.changes]) for axis in self.change}
            self.slope = {axis: torch.stack([self._slope_of(n, axis) for n in range(frames)]) for axis in self.change}
        self.changes, self.slopes = [], {}

    def _slope_of(self, run: int, axis: int) -> Tensor:
        """The gradient of one run; none where the answer does not depend on it."""
        return self.slopes[run][axis] if run in self.slopes else torch.zeros_like(self.changes[run][axis])

    @staticmethod
    def of(name: str, module: nn.Module) -> Seen:
        """Facts only: what is remembered about a network must not keep it alive."""
        leaf = next(module.children(), None) is None
        return Seen(name, type(module).__name__, leaf, isinstance(module, nn.Linear))


@dataclass(frozen=True)
class SeenCall:
    """One attention: (batch, heads, to, from) and the modules around it, outermost first."""

    shape: tuple[int, ...]
    inside: tuple[str, ...]
    change: Tensor | None = None  # (groups, to): difference of the two rows, where each row came in several groups


@dataclass
class DryRun:
    """All that one pass showed; `seen` is in the order in which modules finished."""

    space: tuple[int, ...]
    images: Tensor
    outputs: Tensor
    seen: dict[str, Seen]
    calls: list[SeenCall]
    differentiable: bool
    repeatable: bool  # an image gets the same answer again, alone as in company


def dry_run(module: nn.Module, ask: Callable[[Tensor], Tensor], images: Tensor) -> DryRun:
    """Push two noise images through, and a fixed random direction of the outputs back."""
    log = _Log(module, frames=images.shape[2] if images.ndim == 5 else 0)
    leaf = images.clone().requires_grad_()
    with log, _Finder(log):
        outputs = ask(leaf)
    slope = None
    if outputs.requires_grad:
        with _backward_errors(images):
            slope = _push_back(outputs, leaf)
            if (slope is None or not slope.any()) and log.head_input is not None:
                _push_back(log.head_input, leaf)  # the head of an untrained network may be all zeros
    log.settle()
    space, answers = tuple(images.shape[2:]), outputs.detach()
    same = _repeatable(ask, images, answers)
    return DryRun(space, images, answers, log.seen, log.calls, slope is not None, same)


def spread_of_a_frame(module: nn.Module, ask: Callable[[Tensor], Tensor], run: DryRun) -> dict[str, Seen]:
    """What every module gave for a clip and for the same clip with another frame in the middle."""
    log, middle = _Log(module, frames=run.space[0]), run.space[0] // 2
    pair = run.images[:1].repeat(BATCH, 1, 1, 1, 1)
    pair[1, :, middle] = run.images[0, :, middle].flip(-1)
    with torch.no_grad(), log:
        ask(pair)
    log.settle()
    return log.seen


def _repeatable(ask: Callable[[Tensor], Tensor], images: Tensor, answers: Tensor) -> bool:
    """Whether the first image, asked once more and by itself, gets its answer again; rounding is allowed for."""
    with torch.no_grad():
        again = ask(images[:1])
    return float((again - answers[:1]).abs().max()) <= ROUNDING * float(answers.abs().max())


def _push_back(tensor: Tensor, leaf: Tensor) -> Tensor | None:
    """The gradient of a fixed random direction of a tensor at the images; nothing where an operator hands none back."""
    direction = torch.randn(tensor.shape, generator=torch.Generator().manual_seed(1)).to(tensor)
    found: tuple[Tensor | None, ...]
    found = torch.autograd.grad((tensor * direction).sum(), leaf, allow_unused=True, retain_graph=True)
    return found[0]


@contextmanager
def _backward_errors(images: Tensor) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if out_of_memory(error):
            raise
        raise ModelFailed(
            f"No gradient could be taken for an input of shape {tuple(images.shape)}: {str(error).splitlines()[0]}",
            fix="use a score-only method: occlusion, rise, kernel-shap.",
        ) from error


class _Log:
    """Hooks on every module, for one pass."""

    def __init__(self, root: nn.Module, *, frames: int = 0) -> None:
        self.root, self.frames = root, frames  # of a clip; none of a photo
        self.seen: dict[str, Seen] = {}
        self.calls: list[SeenCall] = []
        self.stack: list[str] = []
        self.starts = 0
        self.head_input: Tensor | None = None
        self._pooled: list[weakref.ref[Tensor]] = []
        self._inputs: dict[str, tuple[Tensor, int] | None] = {}
        self._records: dict[str, Seen] = {}
        self._hooks = ExitStack()

    def __enter__(self) -> None:
        for name, module in self.root.named_modules():
            self._records[name] = Seen.of(name, module)
            before = module.register_forward_pre_hook(partial(self._begin, name), with_kwargs=True)
            self._hooks.callback(before.remove)
            self._hooks.callback(module.register_forward_hook(partial(self._end, name)).remove)

    def __exit__(self, *_: object) -> None:
        self._hooks.close()
        self._inputs.clear()

    def settle(self) -> None:
        """Sum up what every module did in this pass, and in the one backwards."""
        for record in self.seen.values():
            record.settle(self.frames if self.frames > 1 else 0)

    def _begin(self, name: str, _module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        record, tensor = self._records[name], tensor_of(args)
        tensor = tensor_of(kwargs) if tensor is None else tensor
        record.runs += 1
        record.started, self.starts = self.starts, self.starts + 1
        self.stack.append(name)
        self._inputs[name] = None if tensor is None else (tensor, tensor._version)
        if tensor is not None:
            record.given = tuple(tensor.shape)
            if record.linear and tensor.requires_grad:
                self.head_input = tensor  # of the last linear layer that runs
            if tensor.ndim == 3 and len(tensor) == BATCH:
                record.given_change = _size(tensor[0] - tensor[1], -1)

    def _end(self, name: str, _module: nn.Module, _args: object, output: object) -> object:
        self.stack.pop()
        record = self._records[name]
        self.seen.pop(name, None)
        self.seen[name] = record
        record.structured = not isinstance(output, Tensor)
        return with_tensor(output, partial(self._note, record))

    def _note(self, record: Seen, tensor: Tensor) -> Tensor:
        given = self._inputs.pop(record.name, None)
        record.passes_on = given is not None and _same_memory(tensor, given[0]) and tensor._version == given[1]
        record.pooled = _pools(record) or any(ref() is tensor for ref in self._pooled)
        kept = tensor.clone()
        record.swapped = tensor.ndim == 3 and len(tensor) != BATCH and tensor.shape[1] == BATCH
        record.shape = tuple((kept.transpose(0, 1) if record.swapped else kept).shape)
        record.frames = record.shape[0] // BATCH if self._folds(record) else 0
        change: dict[int, Tensor] = {}
        if (record.frames or record.shape[:1] == (BATCH,)) and kept.ndim > 1:
            rows = _rows(record, kept)
            change = _profiles(rows[:1] - rows[1:], record)
            if kept.requires_grad:
                kept.register_hook(partial(_note_slope, record, len(record.changes)))
        record.changes.append(change)
        onward = kept.clone()
        if record.pooled:
            self._pooled.append(weakref.ref(onward))
        return onward

    def _folds(self, record: Seen) -> bool:
        """Whether something of clips is folded into the batch; that it is their frames remains to be seen."""
        rows = record.shape[0] if record.shape else 0
        return self.frames > 0 and rows > BATCH and rows % BATCH == 0 and not record.swapped


class _Finder(AttentionMode):
    """Notes the shape of each attention and lets it run as it is."""

    def __init__(self, log: _Log) -> None:
        super().__init__()
        self.log = log

    def fused(self, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **options: Any) -> Tensor:
        self._note((*query.shape[:-1], key.size(-2)), query)
        return FUSED(query, key, value, *rest, **options)

    def multihead(self, call: inspect.BoundArguments) -> tuple[Tensor, Tensor | None]:
        query, key = call.arguments["query"], call.arguments["key"]
        batch = query.size(1) if query.ndim == 3 else 1
        given = query.transpose(0, 1)[:, None] if query.ndim == 3 else query[None, None]
        self._note((batch, call.arguments["num_heads"], len(query), len(key)), given)
        return MULTIHEAD(*call.args, **call.kwargs)

    def explicit(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
        found = func(*args, **kwargs)
        assert isinstance(found, Tensor)
        self._note(tuple(found.shape), found)
        return found

    def _note(self, shape: tuple[int, ...], asked: Tensor) -> None:
        """An attention by its shape; `asked` (batch, ..., to, any) tells how its queries change with the image."""
        shape = (shape[0], 1, *shape[1:]) if len(shape) == 3 else shape  # one head
        change = None
        if shape[0] > BATCH and shape[0] % BATCH == 0:
            rows = asked.detach().reshape(BATCH, shape[0] // BATCH, -1, *asked.shape[-2:])
            change = _size(rows[0] - rows[1], (1, 3))
        self.log.calls.append(SeenCall(shape, tuple(self.log.stack), change))


def _note_slope(record: Seen, run: int, gradient: Tensor | None) -> None:
    if gradient is None:  # behind an operator that hands none back, such as a quantised layer
        return
    record.slopes[run] = _profiles(_rows(record, gradient), record)


def _rows(record: Seen, raw: Tensor) -> Tensor:
    """The raw output with one row for each image or clip."""
    rows = raw.detach()
    if record.frames:
        return rows.reshape(BATCH, record.frames, *rows.shape[1:])
    return rows.transpose(0, 1) if record.swapped else rows


def _profiles(rows: Tensor, record: Seen) -> dict[int, Tensor]:
    """Sizes per place, the features being on axis 1 of the output or on its last axis."""
    folded = rows.ndim - len(record.shape)
    return {axis: _size(rows, axis + folded).sum(0) for axis in {1, len(record.shape) - 1}}


def _size(tensor: Tensor, axis: int | tuple[int, ...]) -> Tensor:
    sizes: Tensor = tensor.detach().float().abs().sum(axis).cpu()
    return sizes


def _pools(record: Seen) -> bool:
    return record.leaf and "pool" in record.kind.lower()


def _same_memory(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
