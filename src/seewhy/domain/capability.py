"""What a model can give, and the card that tells a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, auto


class Capability(Flag):
    """What can be asked of a model."""

    NOTHING = 0
    SCORES = auto()  # class scores for an image
    GRADIENTS = auto()  # how the score changes with each pixel
    LAYERS = auto()  # activations, and gradients at them, of layers by name
    ATTENTION = auto()  # attention weights over the image's tokens
    TOKENS = auto()  # patches can be left out of the sequence altogether
    JOINT = auto()  # every attention is over one and the same sequence of tokens
    POOLING = auto()  # behind the last map only its mean is read, by a linear layer

    def names(self) -> list[str]:
        return [flag.name.lower() for flag in Capability if flag in self and flag.name]

    def words(self) -> str:
        return " and ".join(self.names())


@dataclass(frozen=True)
class Card:
    """The capability card of a model: what it offers, and why the rest is off."""

    model: str
    capabilities: Capability
    missing: Mapping[Capability, str] = field(default_factory=dict)  # reason for each capability that is off
    facts: Mapping[str, str] = field(default_factory=dict)  # outputs, input size, device, layer chosen ...
    methods: Mapping[str, str | None] = field(default_factory=dict)  # name -> None when usable, otherwise why not

    def __str__(self) -> str:
        rows = [self.model]
        rows += [f"  {name}: {value}" for name, value in self.facts.items()]
        for flag in (flag for flag in Capability if flag is not Capability.NOTHING):
            state = "yes" if flag in self.capabilities else f"no: {self.missing.get(flag, 'not offered')}"
            rows.append(f"  {(flag.name or '').lower()}: {state}")
        usable = [name for name, why in self.methods.items() if why is None]
        rows += [f"  methods: {', '.join(usable)}"] if usable else []
        rows += [f"  off: {name}: {why}" for name, why in self.methods.items() if why is not None]
        return "\n".join(rows)
