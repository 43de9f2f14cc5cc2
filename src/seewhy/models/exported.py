"""A torch.export program as a model: scores and gradients, but no layers by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.export import ExportedProgram

from ..domain.capability import Capability
from ..domain.shapes import Outputs, Variants
from ..errors import UnsupportedModel
from .answer import scores_in
from .fingerprint import fingerprint
from .model import Model
from .outputs import asking, checked

if TYPE_CHECKING:
    from ..inputs.preprocess import Preprocess

TRAINING = "Exported in training mode: dropout or batch statistics make its answers random; call model.eval() first."
WHY = "exporting flattens a network into one list of operations; give the torch.nn.Module for its layers"


class ExportedModel(Model):
    """Runs the program as it was exported; a fixed batch is filled up and the rest thrown away."""

    capabilities = Capability.SCORES | Capability.GRADIENTS

    def __init__(
        self,
        program: ExportedProgram,
        *,
        name: str | None = None,
        labels: Sequence[str] | None = None,
        preprocess: Preprocess | None = None,
        output: Callable[[Any], Tensor] | None = None,
    ) -> None:
        self.name, self.preprocess, self.output = name or "exported program", preprocess, output
        self.labels = tuple(labels) if labels is not None else None
        self.missing = dict.fromkeys(~self.capabilities, WHY)
        self.module, self._graph = program.module(), str(program.graph)
        example = _example(program)
        fixed = [side if isinstance(side, int) else None for side in example.shape]
        self.limit, self.dtype = fixed[0], example.dtype
        self.size = tuple(side for side in fixed[2:] if side) if all(fixed[2:]) else None
        self.device = next((p.device for p in self.module.parameters()), torch.device("cpu"))
        self.notes = (TRAINING,) if _in_training(program) else ()

    def __call__(self, images: Variants) -> Outputs:
        ready = images.to(self.device, self.dtype)
        if self.preprocess is not None:
            ready = self.preprocess.normalise(ready)
        with asking(self.name, tuple(images.shape)):
            parts = [self._run(chunk) for chunk in torch.split(ready, self.limit or len(ready))]
        return checked(torch.cat(parts), len(images), self.name)

    def _run(self, chunk: Tensor) -> Tensor:
        rows = len(chunk)
        if self.limit and rows < self.limit:
            chunk = torch.cat([chunk, chunk[-1:].detach().expand(self.limit - rows, *chunk.shape[1:])])
        answer = self.module(chunk)
        return scores_in(answer if self.output is None else self.output(answer), self.name)[:rows]

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        flags = [(parameter, parameter.requires_grad) for parameter in self.module.parameters()]
        try:
            for parameter, _ in flags:
                parameter.requires_grad_(False)
            yield
        finally:
            for parameter, flag in flags:
                parameter.requires_grad_(flag)

    @property
    def fingerprint(self) -> str:
        parts = (fingerprint(self.module), self._graph, self.preprocess)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def _in_training(program: ExportedProgram) -> bool:
    flags = {"dropout": 2, "dropout_": 2, "batch_norm": 5}  # where these operators keep `train`
    calls = [(str(node.target).split("."), node.args) for node in program.graph.nodes if node.op == "call_function"]
    return any(
        len(target) > 1 and target[1] in flags and len(args) > flags[target[1]] and args[flags[target[1]]] is True
        for target, args in calls
    )


def _example(program: ExportedProgram) -> Tensor:
    """The image input as the graph describes it; symbolic sides are not ints."""
    names = program.graph_signature.user_inputs
    values = [node.meta["val"] for node in program.graph.nodes if node.op == "placeholder" and node.name in names]
    if len(values) != 1 or not isinstance(values[0], Tensor) or values[0].ndim < 3:
        found = ", ".join(str(tuple(getattr(value, "shape", ()))) for value in values) or "nothing"
        raise UnsupportedModel(
            f"The program takes {found}; one batch of images is expected.",
            fix="export the network with one input of shape (n, c, h, w).",
        )
    example: Tensor = values[0]
    return example
