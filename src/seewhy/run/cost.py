"""The verb `cost`: what an explanation will cost, before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..domain.cost import Cost
from ..errors import MissingInput
from ..inputs.read import expand, read_sample
from ..models.adapt import adapt
from .explain import preprocess_for
from .plan import Methods, plan


@dataclass(frozen=True)
class Bill:
    """Model calls per method for one input, and for all inputs together; an upper bound for methods that sample."""

    methods: dict[str, Cost]
    inputs: int

    @property
    def total(self) -> Cost:
        """For all inputs; methods asked for together share runs, so the real cost can be lower."""
        return sum(self.methods.values(), Cost()) * self.inputs

    def __str__(self) -> str:
        rows = [f"{name}: {cost}" for name, cost in self.methods.items()]
        return "\n".join([*rows, f"{self.inputs} input{'s' * (self.inputs != 1)}: {self.total}"])


def cost(
    model: Any, inputs: Any, *, method: Methods = None, preprocess: Any = None, seed: int = 0, **options: Any
) -> Bill:
    """The model calls that `explain` with the same arguments will need at most; nothing is run."""
    adapted = adapt(model, preprocess=preprocess)
    items, _ = expand(inputs)
    if not items:
        raise MissingInput("There is no input to count for.", fix="give at least one image.")
    sample = read_sample(items[0], preprocess_for(adapted, items[0]))
    image = sample.pixels
    adapted.meet(tuple(image.shape))
    steps, _ = plan(method, options, adapted, seed=seed, image=image)
    return Bill({step.entry.name: step.on(sample.geometry).cost(image, adapted) for step in steps}, len(items))
