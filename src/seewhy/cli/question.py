"""The question that `explain` and `compare` share: its options are declared here, once."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from . import options as o
from .flags import flags, given
from .said import model_of, target_of

if TYPE_CHECKING:
    from ..models.model import Model


@dataclass(frozen=True)
class Question:
    """Which model, which methods with which options, about which class."""

    model: o.ModelName = o.DEFAULT_MODEL
    labels: o.Labels = None
    preprocess: o.Prepare = None
    device: o.Device = None
    trust_pickle: o.TrustPickle = False
    method: o.MethodNames = None
    target: o.TargetName = None
    against: o.Against = None
    scale: o.Scale = None
    seed: o.Seed = 0
    budget: o.Budget = None
    checks: o.CheckLevel = o.Checks.standard
    precision: o.Precision = o.PrecisionName.float32
    backend: o.Backend = o.BackendName.auto
    options: Mapping[str, Any] = field(default_factory=dict)  # of the methods

    def adapted(self) -> Model:
        """The model that is asked."""
        return model_of(
            self.model,
            labels=self.labels,
            preprocess=self.preprocess,
            device=self.device,
            trust_pickle=self.trust_pickle,
        )

    def asked(self) -> dict[str, Any]:
        """The arguments for the library."""
        return {
            "target": target_of(self.target, self.against),
            "scale": self.scale and self.scale.value,
            "seed": self.seed,
            "budget": self.budget,
            "checks": self.checks.value,
            "precision": self.precision.value,
            "backend": self.backend.value,
            **self.options,
        }


def with_question(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of a question and of all methods, which it receives as `question`."""
    own = inspect.signature(command, eval_str=True).parameters.values()
    hints = typing.get_type_hints(Question, include_extras=True)
    kept = [f for f in fields(Question) if f.name != "options"]
    shared = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
        for f in kept
    ]
    methods = flags()

    @functools.wraps(command)
    def typed(**values: Any) -> None:
        asked = {f.name: values.pop(f.name) for f in kept}
        options = given({p.name: values.pop(p.name) for p in methods})
        command(question=Question(**asked, options=options), **values)

    arguments = [p.replace(kind=p.KEYWORD_ONLY) for p in own if p.name != "question"]
    first = [p for p in arguments if p.default is p.empty]
    rest = [p for p in arguments if p.default is not p.empty]
    typed.__signature__ = inspect.Signature([*first, *shared, *rest, *methods])  # type: ignore[attr-defined]
    return typed
