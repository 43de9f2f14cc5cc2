"""What every method promises, as checks that name none: `check_method(entry)` for authors, one by one for the tests."""

from __future__ import annotations

import contextlib
import inspect
import json
import types
import typing
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch

from ..domain.baseline import Baseline
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.options import coerce
from ..domain.regions import RegionSpec
from ..domain.tolerance import Anytime
from ..errors import SeewhyError
from ..models.adapt import adapt
from ..registry import Entry
from .as_found import left_as_found, well_used
from .asking import NETWORKS, Case, Forgetful, ask, ask_bare, assert_close, cases_of, score_beside, step_of
from .wrappers import Counting, Cramped, Failing

# bfloat16 keeps eight bits. Norm of the error by that of the map (and the score, of which differences are taken), about
# twice what was measured; gradients differ most, where a ReLU near zero switches.
BFLOAT16 = {"gradient": 0.25, "activation": 0.05, "attention": 0.05, "perturbation": 0.02, "shapley": 0.01}
JUMPED = 0.05  # share of the places that rounding may tip over a threshold, where a map is made of thresholds
SWAPPED = 2  # places that rounding may exchange, where a map is an order
SIMPLE = (int, float, bool, str, tuple, type(None), Anytime, Baseline, *typing.get_args(RegionSpec))


def check_values(entry: Entry, case: Case) -> None:
    """Finite numbers, one per place; error bars exactly where samples are drawn; no negative ones in unsigned maps."""
    for found in ask(entry, case.build(), case.images()):
        values = torch.from_numpy(found.values)
        assert values.ndim == case.axes
        assert bool(torch.isfinite(values).all())
        assert entry.signed or bool((values >= 0).all()), f"{entry.name} says that it is unsigned"
        assert entry.samples <= (found.sampling is not None), f"{entry.name} samples but does not say how it ended"
        assert not entry.samples or (found.stderr is not None and found.band is not None)
        for bars in (found.stderr, found.band):
            assert bars is None or (bars.shape == found.values.shape and bool((bars >= 0).all()))


def check_seed(entry: Entry, case: Case) -> None:
    """The same seed gives the same bits, whatever the global random state; another seed another map."""
    first, again = (_under(state, lambda: ask(entry, case.build(), case.images(1))[0]) for state in (1, 2))
    assert (first.values == again.values).all(), f"{entry.name} depends on more than its seed"
    assert not entry.samples or "seed" in entry.options, f"{entry.name} samples without a seed"
    if "seed" in entry.options:
        other = ask(entry, case.build(), case.images(1), {"seed": 1})[0]
        assert (first.values != other.values).any(), f"{entry.name} ignores its seed"


def check_batch(entry: Entry, case: Case) -> None:
    """A batch is explained exactly as its items alone."""
    images = case.images(3)
    for i, found in enumerate(ask(entry, case.build(), images)):
        (alone,) = ask(entry, case.build(), images[i : i + 1])
        assert_close(
            found.values, alone.values, 1e-5, beside=score_beside(entry, alone), what="a batch and its items alone"
        )


def check_cost(entry: Entry, case: Case) -> None:
    """The declared cost is what is paid when nothing is remembered; the meter counts what the network sees."""
    images, counting = case.images(1), Counting(case.build())
    model = adapt(counting)
    model.meet(case.shape)
    ask(entry, model, images)  # the dry run of the layout is not part of any explanation
    declared = step_of(entry, case.axes).cost(images[0], model)
    _, control = ask_bare(entry, model, images, answers=Forgetful())
    passes = Cost(control.spent.forward, control.spent.backward)
    assert passes == declared, f"{entry.name} declares {declared}, it cost {passes}"
    counting.seen = type(counting.seen)()
    (found,) = ask(entry, model, images, checks="standard")
    paid = found.cost + found.check_cost
    seen = counting.seen  # the network is entered, and left backwards, for a tail too
    assert seen.calls == paid.calls + paid.tail, f"the network saw {seen}"
    assert seen.forward >= paid.forward, f"the network saw {seen}"
    assert seen.backward >= paid.backward, f"the network saw {seen}"
    assert found.cost.calls <= declared.calls


def check_leaves_as_found(entry: Entry, case: Case, *, at: int = 0, error: type[BaseException] = RuntimeError) -> None:
    """Network and world are as before, also when the network raises at its `at`-th call (0: never)."""
    module = well_used(Failing(case.build(), at, lambda: error("planted")))
    with left_as_found(module), contextlib.suppress(SeewhyError, KeyboardInterrupt):
        (found,) = ask(entry, module, case.images(1))
        (evaluated,) = ask(entry, case.build(), case.images(1))
        assert at or (found.values == evaluated.values).all(), "a network in training mode is explained differently"


def check_images_untouched(entry: Entry, case: Case) -> None:
    """Nothing is written into the images."""
    images = case.images()
    before = images.clone()
    ask_bare(entry, case.model(), images)
    assert torch.equal(images, before), f"{entry.name} writes into the images"


def check_chunks(entry: Entry, case: Case, most: int) -> None:
    """Neither the size of model calls nor running out of memory changes the map, or when sampling stops."""
    few = (
        step_of(entry, case.axes).cost(case.images(1)[0], case.model()).forward <= most
    )  # one image alone would never be refused
    images, options = case.images(4 if entry.reads or few else 1), {"samples": 128, "tolerance": 0.3}
    whole = ask(entry, case.build(), images, options)
    limited = case.model()
    limited.limit = most
    cramped = Cramped(case.build(), most)
    for model in (limited, cramped):
        for found, expected in zip(ask(entry, model, images, options), whole, strict=True):
            assert_close(found.values, expected.values, 5e-6, beside=score_beside(entry, expected), what="chunk sizes")
            assert (found.sampling is None) or (found.sampling.drawn == expected.sampling.drawn)  # type: ignore[union-attr]
    never_more = cramped.largest <= most  # a walk step by step, or a few questions at a time
    assert entry.family == "control" or cramped.refused or never_more


def check_backend(entry: Entry, case: Case) -> None:
    """A prepared model, and asking only about what changed, give the map of the model as it is, at the same cost."""
    (plain,), (quick,) = (ask(entry, case.build(), case.images(1), backend=b) for b in ("plain", "auto"))
    share = 0.02 if Capability.GRADIENTS in entry.needs else 1e-4  # rounding tips a ReLU near zero over
    assert_close(quick.values, plain.values, share, beside=score_beside(entry, plain), what="the backends")
    assert quick.cost == plain.cost
    assert set(plain.origin.ran) <= {"plain"}


def check_json(entry: Entry, case: Case) -> None:
    """Options written as JSON, and read again, give the same bits."""
    hints = typing.get_type_hints(inspect.unwrap(entry.function))
    (first,) = ask(entry, case.build(), case.images(1))
    read = json.loads(json.dumps(dict(first.origin.options)))
    options = {name: coerce(name, value, hints[name]) for name, value in read.items()}
    (again,) = ask(entry, case.build(), case.images(1), options)
    assert again.origin.options == first.origin.options
    assert (first.values == again.values).all(), f"{entry.name} loses an option in JSON"


def check_options(entry: Entry) -> None:
    """Options are keyword-only, have defaults of their type, and are of kinds that can be written down."""
    hints = typing.get_type_hints(inspect.unwrap(entry.function))
    parameters = inspect.signature(entry.function).parameters.values()
    positional = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    assert positional == ["probe"], f"{entry.name} takes {positional} besides its options"
    for name, option in entry.options.items():
        assert option.default is not option.empty, f"{name} has no default"
        unknown = [kind for kind in _kinds(hints[name]) if kind not in SIMPLE]
        assert not unknown, f"{name} of {entry.name} is of kinds that cannot be written down: {unknown}"
        assert coerce(name, option.default, hints[name]) == option.default


def check_precision(entry: Entry, case: Case) -> None:
    """bfloat16 gives the map of float32 up to the tolerance of its family."""
    (exact,), (rough,) = (ask(entry, case.build(), case.images(1), precision=p) for p in ("float32", "bfloat16"))
    off, size = np.sort(np.abs(rough.values - exact.values), axis=None), np.linalg.norm(exact.values)
    error = np.linalg.norm(off[: len(off) - max(SWAPPED, int(JUMPED * len(off)))] if entry.jumps else off)
    size += abs(score_beside(entry, exact)) * exact.values.size**0.5
    allowed = BFLOAT16.get(entry.family, 0.0) * size * (2 if entry.ratio else 1)  # both sides of a ratio round
    assert error <= allowed, f"{entry.name} in bfloat16 is off by {error:.3g}, allowed are {allowed:.3g}"


def check_method(entry: Entry) -> None:
    """Every contract that can be asked of one method, on every small network that can serve it."""
    from .promises import check_axioms, check_budget, check_cancelling

    served = cases_of(entry)
    assert {case.axes for case in served} >= set(entry.spaces), f"{entry.name} declares spaces that no case serves"
    check_options(entry)
    for case in served:
        check_values(entry, case)
        check_seed(entry, case)
        check_batch(entry, case)
        check_images_untouched(entry, case)
        check_json(entry, case)
        check_budget(entry, case)
        check_cancelling(entry, case)
    for case in cases_of(entry, NETWORKS):
        check_cost(entry, case)
        check_chunks(entry, case, 3)
        check_precision(entry, case)
        check_backend(entry, case)
        check_axioms(entry, case)
        for at, error in ((0, RuntimeError), (1, RuntimeError), (2, RuntimeError), (2, KeyboardInterrupt)):
            check_leaves_as_found(entry, case, at=at, error=error)


def _under(state: int, call: Callable[[], Any]) -> Any:
    """The call under a global random state, which is given back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(state)
        return call()


def _kinds(annotation: Any) -> tuple[Any, ...]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return tuple(kind for part in typing.get_args(annotation) for kind in _kinds(part))
    if origin is tuple:
        return (tuple, *_kinds(typing.get_args(annotation)[0]))
    return tuple(map(type, typing.get_args(annotation))) if origin is Literal else (annotation,)
