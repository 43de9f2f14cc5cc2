"""The verb `cost`: what an explanation will cost, before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..domain.cost import Cost
from ..errors import MissingInput
from ..inputs.read import expand
from ..inputs.views import Views
from ..models.adapt import adapt
from .plan import Methods, plan
from .questions import calls_to_ask
from .rows import samples_of
from .targets import per_input


@dataclass(frozen=True)
class Bill:
    """Model calls per method for one target of one input, and for all together; an upper bound where methods sample.

    Methods and targets asked for together share runs, so that the real total can be lower.
    """

    methods: dict[str, Cost]
    inputs: int
    total: Cost

    def __str__(self) -> str:
        rows = [f"{name}: {cost}" for name, cost in self.methods.items()]
        return "\n".join([*rows, f"{self.inputs} input{'s' * (self.inputs != 1)}: {self.total}"])


def cost(
    model: Any,
    inputs: Any,
    *,
    method: Methods = None,
    target: Any = None,
    preprocess: Any = None,
    seed: int = 0,
    views: Views | str | None = None,
    **options: Any,
) -> Bill:
    """The model calls that `explain` with the same arguments will need at most; nothing is run."""
    adapted = adapt(model, preprocess=preprocess)
    items, one_input = expand(inputs, adapted.preprocess)
    if not items:
        raise MissingInput("There is no input to count for.", fix="give at least one image.")
    looks = Views.of(views)
    sample = samples_of(adapted, items[0], looks)[0]
    image = sample.pixels
    adapted.meet(tuple(image.shape))
    steps, _ = plan(method, options, adapted, seed=seed, image=image)
    targets, _ = per_input(target, len(items), one_input)
    asking = [Cost(calls_to_ask(adapted, asked, looks)) for several in targets for asked in several]
    bare = {step.entry.name: step.on(sample.geometry).cost(image, adapted) * looks.count for step in steps}
    total = sum((each + one for each in bare.values() for one in asking), Cost())
    return Bill({name: each + asking[0] for name, each in bare.items()}, len(items), total)
