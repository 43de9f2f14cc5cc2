"""What was found about a network and made from it, for as long as it lives and its weights stay as they are."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from torch import nn

from ..errors import ModelError
from .fingerprint import fingerprint
from .layout import Layout
from .lending import state_of, while_lent

M = TypeVar("M")
REMEMBERED = 16

# Adapting a network again costs no second dry run.
LAYOUTS: weakref.WeakKeyDictionary[nn.Module, dict[Hashable, Layout | ModelError]] = weakref.WeakKeyDictionary()
# Copies made for asking, or None where one would gain nothing, with the state of the weights they were made from.
COPIES: weakref.WeakKeyDictionary[nn.Module, tuple[Hashable, dict[Hashable, Any]]] = weakref.WeakKeyDictionary()


def layout_of(module: nn.Module, facts: tuple[Hashable, ...], find: Callable[[], Layout]) -> Layout:
    """The layout, or the error that finding it ended in: looked for once for these facts and this state of weights."""
    known, key = LAYOUTS.setdefault(module, {}), (*facts, state_of(module))
    if key not in known:
        if len(known) >= REMEMBERED:  # a folder may hold images of a thousand shapes
            del known[next(iter(known))]
        try:
            known[key] = find()
        except ModelError as error:
            known[key] = error.with_traceback(None)
    found = known[key]
    if isinstance(found, ModelError):
        raise found
    return found


def made_from(module: nn.Module, facts: tuple[Hashable, ...], make: Callable[[], M | None]) -> M | None:
    """What is made from the network as it is now: once, and again when a weight has changed."""
    state = state_of(module), while_lent(fingerprint, module)
    kept = COPIES.get(module)
    if kept is None or kept[0] != state:
        kept = COPIES[module] = state, {}
    if facts not in kept[1]:
        kept[1][facts] = make()
    return kept[1][facts]  # type: ignore[no-any-return]
