"""`seewhy explain`: why the model answers what it answers."""

from __future__ import annotations

import typer

from . import options as o
from .flags import given, with_method_options
from .found import Found


@with_method_options
def explain(
    inputs: o.Inputs,
    model: o.ModelName = o.DEFAULT_MODEL,
    labels: o.Labels = None,
    preprocess: o.Prepare = None,
    device: o.Device = None,
    trust_pickle: o.TrustPickle = False,
    method: o.MethodNames = None,
    target: o.TargetName = None,
    against: o.Against = None,
    scale: o.Scale = None,
    seed: o.Seed = 0,
    budget: o.Budget = None,
    checks: o.CheckLevel = o.Checks.standard,
    precision: o.Precision = o.PrecisionName.float32,
    out: o.Out = None,
    view: o.Views = [o.View.heat],  # noqa: B006
    report: o.Report = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = None,
    **options: str | None,
) -> None:
    """Explain photos: the decision, what speaks for and against it, and how far to trust that."""
    from ..run.plan import default_method
    from .asking import model_of, target_of

    asked = model_of(model, labels=labels, preprocess=preprocess, device=device, trust_pickle=trust_pickle)
    found = Found.of(
        asked,
        inputs,
        progress=progress,
        quiet=quiet,
        method=method or [default_method(asked)],
        target=target_of(target, against),
        scale=scale and scale.value,
        seed=seed,
        budget=budget,
        checks=checks.value,
        precision=precision.value,
        **given(options),
    )
    found.save(out, [one.value for one in view])
    found.report(report)
    found.tell(json=json, quiet=quiet)
    raise typer.Exit(found.code)
