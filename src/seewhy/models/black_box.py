"""Models that only answer: nothing inside can be read or differentiated."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from ..domain.capability import Capability
from ..domain.shapes import Outputs, Variants
from .model import Model
from .outputs import asking, checked

if TYPE_CHECKING:
    from ..inputs.preprocess import Preprocess


class BlackBox(Model):
    """Normalise, ask on the CPU, check the answer; what is asked is up to the subclass."""

    capabilities = Capability.SCORES
    device = torch.device("cpu")
    dtype = torch.float32
    hint = ""  # more to try when asking fails

    def __init__(self, name: str, *, labels: Sequence[str] | None, preprocess: Preprocess | None, why: str) -> None:
        self.name, self.preprocess = name, preprocess
        self.labels = tuple(labels) if labels is not None else None
        self.missing = {flag: why for flag in Capability if flag & ~Capability.SCORES}

    def __call__(self, images: Variants) -> Outputs:
        ready = images.detach().to(self.device, torch.float32)
        if self.preprocess is not None:
            ready = self.preprocess.normalise(ready)
        with asking(self.name, tuple(images.shape), self.hint), torch.no_grad():
            answer = self.ask(ready)
        return checked(answer, len(images), self.name)

    @abstractmethod
    def ask(self, ready: Variants) -> object:
        """The raw answer to images that are normalised as the model wants them."""

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(repr((self._identity(), self.preprocess)).encode()).hexdigest()

    @abstractmethod
    def _identity(self) -> object:
        """What tells this model from others, with a repr that is the same in every process."""
