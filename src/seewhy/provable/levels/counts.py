"""C18: what is asked of the network, counted at the network."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from ...domain.cost import Cost
from ...domain.shapes import Outputs, Variants
from ...explanation import Explanation
from ...models.adapt import adapt
from ...registry import Entry
from ...testing.tiny_models import seeded
from ...testing.wrappers import Counting
from ..asker import Asker
from ..level import level
from ..networks import Circular
from ..setting import Setting
from ..subject import explanations
from .formulas import image

FEW = 128


class Remembering(nn.Module):
    """Remembers every image that a network was asked about."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.asked: list[bytes] = []

    def forward(self, images: Variants) -> Outputs:
        self.asked += [one.detach().numpy().tobytes() for one in images]
        return self.inner(images)  # type: ignore[no-any-return]


@level("C18", "asked twice", "sparing", most=0)
def asked_twice(asker: Asker) -> tuple[float, str]:
    """No image is asked about twice."""
    network, entry = Remembering(seeded(Circular)), asker.subject.entry
    if entry is None:
        asker.maps(network, image(), samples=FEW)
    else:
        _warmed(asker, entry, network, lambda: network.asked.clear())
    again, given = len(network.asked) - len(set(network.asked)), image().numpy().tobytes()
    return again, f"of {len(network.asked)} forward passes; the image itself {network.asked.count(given)} times"


@level("C18", "stated calls", "counted", most=0)
def stated_calls(asker: Asker) -> tuple[float, str]:
    """The forward and backward passes that are stated are those that the network saw."""
    network, entry = Counting(seeded(Circular)), asker.subject.entry
    if entry is None:
        raise NotImplementedError("it states no cost")
    found = _warmed(asker, entry, network, lambda: setattr(network, "seen", Cost()))
    stated = found.cost + found.check_cost
    return abs(stated.calls + stated.tail - network.seen.calls), str(stated)


def _warmed(asker: Asker, entry: Entry, network: nn.Module, forget: Callable[[], None]) -> Explanation:
    """The explanation by one of our methods when the dry run of the network lies behind."""
    model = adapt(network)
    explanations(entry, asker.subject.options, model, image(1), [0], Setting(samples=FEW))
    forget()
    return explanations(entry, asker.subject.options, model, image(), [0], Setting(samples=FEW))[0]
