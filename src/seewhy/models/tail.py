"""What lies behind a layer, run by itself: whatever finished before the layer answers from memory."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

from ..domain.shapes import Outputs
from ..errors import NoSuitableLayer
from .watch import run_by_run, side_by_side, tensor_of, with_tensor

Ask = Callable[[int, bool], Outputs]  # outputs of so many copies of the image, which may share their memory


class Tail:
    """One image's pass through a network, held at a layer; calling it goes on from there with other values.

    `tried` counts the rows that were run to see whether it can. Of a clip the layer's values are those of `frames`
    frames, which it gave in so many `runs`.
    """

    def __init__(self, module: nn.Module, layer: str, ask: Ask, *, frames: int = 1, runs: int = 1) -> None:
        self._module, self._layer, self._ask, self._frames = module, layer, ask, frames
        self._given, self._before, self._answer = _recorded(module, layer, runs, lambda: ask(1, False))
        raw = [tensor_of(given) for given in self._given]
        found = [tensor for tensor in raw if tensor is not None]
        if len(found) < runs or len(found[0]) != frames // runs:
            raise NoSuitableLayer(f"Layer {layer!r} does not keep images apart.", fix="name another layer.")
        self.raw: Tensor = side_by_side(found)
        self.partial, self._shared, self.tried = runs == 1, True, 0  # what runs in a loop around the layer runs again
        if not self._goes_on_alone(self._answer):
            self._shared = False  # something behind the layer writes into what lies before it
            self.partial = runs == 1 and self._goes_on_alone(self._answer)

    def __call__(self, values: Tensor) -> Outputs:
        """Outputs when the layer gives these values, (n, ...) or (n x frames, ...) as its raw output."""
        count = len(values) // self._frames
        each = run_by_run(values, len(self._given))
        given = [with_tensor(was, _instead(now)) for was, now in zip(self._given, each, strict=True)]
        with ExitStack() as stack:
            for name, answer in self._before.items() if self.partial else ():
                stack.enter_context(answering(self._module.get_submodule(name), self._copies(answer, count)))
            stack.enter_context(answering(self._module.get_submodule(self._layer), *given))
            return self._ask(count, self._shared)

    def blank(self) -> Tail | None:
        """The same for any image: nothing before the layer matters but through it; None where something does."""
        other = copy.copy(self)
        other._before = {name: tree_map_only(Tensor, torch.zeros_like, answer) for name, answer in self._before.items()}
        return other if self.partial and other._goes_on_alone(self._answer) else None

    def _goes_on_alone(self, answer: Outputs) -> bool:
        """Whether two rows that go on from the layer answer what the image answered."""
        try:
            again = self(torch.cat([self.raw, self.raw]))
        except RuntimeError:
            return False
        self.tried += len(again)
        return bool(torch.allclose(again, answer.expand_as(again), rtol=1e-4, atol=1e-5 * float(answer.abs().max())))

    def _copies(self, answer: Any, count: int) -> Any:
        """What a module answered for one image as its answer for so many copies of it."""
        if any(t.ndim == 0 or len(t) not in (1, self._frames) for t in tree_leaves(answer) if isinstance(t, Tensor)):
            return answer
        many = tree_map_only(Tensor, lambda t: t.expand(count, *t.shape).flatten(0, 1), answer)
        return many if self._shared else tree_map_only(Tensor, torch.clone, many)


def _instead(now: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda _: now


def _recorded(
    module: nn.Module, layer: str, runs: int, ask: Callable[[], Outputs]
) -> tuple[list[Any], dict[str, Any], Outputs]:
    """What a layer answered in each run, and the outermost modules that ran once and had finished when it had."""
    answers: dict[str, list[Any]] = {}
    finished: set[str] = set()
    with ExitStack() as stack:
        for name, part in module.named_modules():
            if name:
                hook = _keeping(name, layer, runs, answers, finished)
                stack.callback(part.register_forward_hook(hook).remove)
        outputs = ask()
    single = {name: answers[name][0] for name in finished - {layer} if len(answers[name]) == 1}
    held = {*single, layer}
    outer = {name: answer for name, answer in single.items() if not any(name.startswith(f"{o}.") for o in held)}
    return answers[layer], outer, outputs


def _keeping(
    name: str, layer: str, runs: int, answers: dict[str, list[Any]], finished: set[str]
) -> Callable[..., None]:
    def hook(_module: nn.Module, _inputs: object, output: Any) -> None:
        before = len(answers.get(layer, ())) < runs
        kept = tree_map_only(Tensor, lambda t: t.detach().clone(), output) if before else None
        answers.setdefault(name, []).append(kept)
        if before:
            finished.add(name)

    return hook


@contextmanager
def answering(part: nn.Module, *answers: Any) -> Iterator[None]:
    """The module gives these answers, one after the other, without computing."""
    before, given = part.__dict__.get("forward"), cycle(answers)
    part.forward = lambda *_args, **_kwargs: next(given)
    try:
        yield
    finally:
        if before is None:
            del part.forward
        else:
            part.forward = before
