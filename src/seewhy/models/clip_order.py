"""How a network wants a clip: channels first, frames first, or as a slow and a fast pathway; said, or tried."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import BadOption
from .outputs import out_of_memory

Order = Literal["channels", "frames", "pathways"]
Clips = Float[Tensor, "n c t h w"]
RATIOS = (4, 8, 2, 16)  # frames of the fast pathway for each of the slow one; SlowFast is published with 4 and 8
A = TypeVar("A")
FOUND: weakref.WeakKeyDictionary[nn.Module, dict[Hashable, ClipOrder | None]] = weakref.WeakKeyDictionary()
SAY = "say takes='tensor' for (n,c,t,h,w), 'frames' for (n,t,c,h,w), 'pathways' for [slow, fast]"

ALIKE_AXES = f"As many frames as channels: which axis is which cannot be told from whether it answers; {SAY}."


@dataclass(frozen=True)
class ClipOrder:
    """What becomes of a clip before it is handed over; photos stay as they are."""

    order: Order = "channels"
    ratio: int = 1

    def __call__(self, ready: Tensor) -> Tensor | list[Tensor]:
        if ready.ndim != 5 or self.order == "channels":
            return ready
        if self.order == "frames":
            return ready.transpose(1, 2).contiguous()
        return [ready.index_select(2, slow_frames(ready.shape[2], self.ratio).to(ready.device)), ready]

    @property
    def plain(self) -> bool:
        """Whether clips are handed over as they are."""
        return self.order == "channels"

    def __str__(self) -> str:
        return {
            "channels": "channels, frames, height, width",
            "frames": "frames, channels, height, width",
            "pathways": f"a slow pathway of every {self.ratio}th frame, and a fast one of all",
        }[self.order]


def slow_frames(frames: int, ratio: int) -> Tensor:
    """The frames of the slow pathway as SlowFast takes them: spread evenly, the first and the last among them."""
    return torch.linspace(0, frames - 1, max(frames // ratio, 1)).long()


def said_order(takes: str | None) -> ClipOrder | None:
    """The order that a person named; None where it is to be tried."""
    if takes is None:
        return None
    word, _, ratio = takes.partition(":")
    if word == "pathways" and not ratio:
        return None
    if word == "pathways" and ratio.isdecimal() and int(ratio) > 0:
        return ClipOrder("pathways", int(ratio))
    names: dict[str, Order] = {"tensor": "channels", "frames": "frames"}
    if takes not in names:
        raise BadOption(f"A network cannot take {takes!r}.", fix=f"{SAY} ('pathways:4' fixes every 4th frame).")
    return ClipOrder(names[takes])


def orders_to_try(takes: str | None, frames: int) -> list[ClipOrder]:
    """All that could be meant, the most usual first."""
    pathways = [ClipOrder("pathways", ratio) for ratio in RATIOS if frames % ratio == 0 and frames > ratio]
    return pathways if takes == "pathways" else [ClipOrder(), ClipOrder("frames"), *pathways]


def first_that_fits(
    ask: Callable[[Tensor | list[Tensor]], A], clips: Clips, takes: str | None
) -> tuple[ClipOrder, A] | None:
    """The first order in which the network answers, with its answer; None where none does."""
    for order in orders_to_try(takes, clips.shape[2]):
        try:
            return order, ask(order(clips))
        except Exception as error:  # whatever a network says of a wrong order
            if out_of_memory(error):
                raise
    return None


def known_order(module: nn.Module) -> ClipOrder | None:
    """Of the families that all take clips alike; None for any other network."""
    if type(module).__module__.startswith("torchvision.models.video."):
        return ClipOrder()
    hugging_face = hasattr(module, "config") and type(module).__name__.endswith("ForVideoClassification")
    return ClipOrder("frames") if hugging_face else None


def order_of(module: nn.Module, facts: Hashable, tried: Callable[[], ClipOrder | None]) -> ClipOrder | None:
    """What was tried with a network once."""
    known = FOUND.setdefault(module, {})
    if facts not in known:
        known[facts] = tried()
    return known[facts]


def cannot_be_told(shape: tuple[int, ...]) -> bool:
    """Whether clips of this shape (c, t, h, w) fit into a network either way."""
    return len(shape) == 4 and shape[0] == shape[1]
