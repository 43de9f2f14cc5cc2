"""`seewhy cost`: what an explanation will cost, before it runs."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from ..domain.cost import Cost
from . import options as o
from .flags import given, with_method_options
from .screen import out, print_json, words

SCHEMA = {"name": "seewhy-cost", "version": 1}


@with_method_options
def cost(
    inputs: o.Inputs,
    model: o.ModelName = o.DEFAULT_MODEL,
    preprocess: o.Prepare = None,
    device: o.Device = None,
    trust_pickle: o.TrustPickle = False,
    method: o.MethodNames = None,
    target: o.TargetName = None,
    seed: o.Seed = 0,
    views: o.Views = None,
    json: o.Json = False,
    **options: str | None,
) -> None:
    """Count the model calls of an explanation before running it; sampling methods may stop earlier."""
    from ..run.cost import cost as bill_of
    from ..run.plan import default_method
    from .said import model_of, target_of

    adapted = model_of(model, labels=None, preprocess=preprocess, device=device, trust_pickle=trust_pickle)
    asked, names = target_of(target, None), method or [default_method(adapted)]
    bill = bill_of(adapted, inputs, method=names, target=asked, seed=seed, views=views, **given(options))
    if json:
        rows = {name: _plain(each) for name, each in bill.methods.items()}
        print_json({"schema": SCHEMA, "methods": rows, "inputs": bill.inputs, "total": _plain(bill.total)})
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("method", "forward", "backward", "calls"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    for name, each in bill.methods.items():
        table.add_row(words(name), *(str(n) for n in (each.forward, each.backward, each.calls)))
    photos = f"{bill.inputs} photo{'s' * (bill.inputs != 1)}"
    out().print(Group(table, words(f"at most {bill.total.calls} model calls for {photos}", "dim")))


def _plain(each: Cost) -> dict[str, int]:
    return {"forward": each.forward, "backward": each.backward, "calls": each.calls}
