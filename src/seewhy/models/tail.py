"""What lies behind a layer, run by itself: whatever finished before the layer answers from memory."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

from ..domain.shapes import Outputs
from ..errors import NoSuitableLayer
from .watch import tensor_of, with_tensor

Ask = Callable[[int, bool], Outputs]  # outputs of so many copies of the image, which may share their memory


class Tail:
    """One image's pass through a network, held at a layer; calling it goes on from there with other values.

    `tried` counts the rows that were run to see whether it can.
    """

    def __init__(self, module: nn.Module, layer: str, ask: Ask) -> None:
        self._module, self._layer, self._ask = module, layer, ask
        self._before, self._answer = _recorded(module, layer, lambda: ask(1, False))
        raw = tensor_of(self._before[layer])
        if raw is None or len(raw) != 1:
            raise NoSuitableLayer(f"Layer {layer!r} does not keep images apart.", fix="name another layer.")
        self.raw: Tensor = raw
        self.partial, self._shared, self.tried = True, True, 0
        if not self._goes_on_alone(self._answer):
            self._shared = False  # something behind the layer writes into what lies before it
            self.partial = self._goes_on_alone(self._answer)

    def __call__(self, values: Tensor) -> Outputs:
        """Outputs when the layer gives these values, (n, ...) as its raw output."""
        skipped = self._before if self.partial else {self._layer: self._before[self._layer]}
        with ExitStack() as stack:
            for name, answer in skipped.items():
                given = (
                    with_tensor(answer, lambda _: values) if name == self._layer else self._copies(answer, len(values))
                )
                stack.enter_context(answering(self._module.get_submodule(name), given))
            return self._ask(len(values), self._shared)

    def blank(self) -> Tail | None:
        """The same for any image: nothing before the layer matters but through it; None where something does."""
        other = copy.copy(self)
        other._before = {
            name: answer if name == self._layer else tree_map_only(Tensor, torch.zeros_like, answer)
            for name, answer in self._before.items()
        }
        return other if self.partial and other._goes_on_alone(self._answer) else None

    def _goes_on_alone(self, answer: Outputs) -> bool:
        """Whether two rows that go on from the layer answer what the image answered."""
        try:
            again = self(self.raw.expand(2, *self.raw.shape[1:]).clone())
        except RuntimeError:
            return False
        self.tried += len(again)
        return bool(torch.allclose(again, answer.expand_as(again), rtol=1e-4, atol=1e-5 * float(answer.abs().max())))

    def _copies(self, answer: Any, count: int) -> Any:
        """What a module answered for one image as its answer for so many copies of it."""
        if any(t.ndim == 0 or len(t) != 1 for t in tree_leaves(answer) if isinstance(t, Tensor)):
            return answer
        many = tree_map_only(Tensor, lambda t: t.expand(count, *t.shape[1:]), answer)
        return many if self._shared else tree_map_only(Tensor, torch.clone, many)


def _recorded(module: nn.Module, layer: str, run: Callable[[], Outputs]) -> tuple[dict[str, Any], Outputs]:
    """What the outermost modules answered that ran once and had finished when the layer had, the layer included."""
    runs: dict[str, int] = {}
    answers: dict[str, Any] = {}
    with ExitStack() as stack:
        for name, part in module.named_modules():
            if name:
                stack.callback(part.register_forward_hook(_keeping(name, layer, runs, answers)).remove)
        outputs = run()
    single = {name: answer for name, answer in answers.items() if runs[name] == 1}
    inside = {name for name in single if any(name.startswith(f"{other}.") for other in single)}
    return {name: answer for name, answer in single.items() if name not in inside}, outputs


def _keeping(name: str, layer: str, runs: dict[str, int], answers: dict[str, Any]) -> Callable[..., None]:
    def hook(_module: nn.Module, _inputs: object, output: Any) -> None:
        runs[name] = runs.get(name, 0) + 1
        if layer not in answers or name == layer:
            answers[name] = tree_map_only(Tensor, lambda t: t.detach().clone(), output)

    return hook


@contextmanager
def answering(part: nn.Module, answer: Any) -> Iterator[None]:
    """The module gives this answer without computing."""
    before = part.__dict__.get("forward")
    part.forward = lambda *_args, **_kwargs: answer
    try:
        yield
    finally:
        if before is None:
            del part.forward
        else:
            part.forward = before
