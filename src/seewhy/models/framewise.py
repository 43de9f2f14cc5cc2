"""A network that looks at frames one by one before it joins them: looked at once, they are joined at will."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..domain.shapes import Outputs, Variants
from .dryrun import DryRun
from .sample import BATCH
from .tail import answering
from .watch import tensor_of, with_tensor

CLOSE = 1e-4  # of the largest output, and of what leaving frames out does to it
Ask = Callable[[Variants], Outputs]


def frame_parts(run: DryRun, frames: int) -> list[str]:
    """The outermost modules that run once, on all frames of all clips as if each were an image."""
    rows = BATCH * frames
    found = [
        name
        for name, seen in run.seen.items()
        if name and seen.runs == 1 and seen.given[:1] == seen.shape[:1] == (rows,) and not seen.swapped
    ]
    return [name for name in found if not any(name.startswith(f"{other}.") for other in found)] if frames > 1 else []


def of_frames(clip: Float[Tensor, "c t h w"], keep: Int[Tensor, "n kept"]) -> Variants:
    """Clips of some of the frames; networks may call view, so they lie in memory as they are read."""
    return clip[:, keep].transpose(0, 1).contiguous()


class Framewise:
    """One clip (1, c, t, h, w) whose frames have been looked at; calling it joins some of them."""

    tried = 2  # clips that were asked about in full, and joined, to see whether it can

    def __init__(self, module: nn.Module, parts: list[str], clip: Variants, ask: Ask) -> None:
        self._module, self._clip, self._ask = module, clip, ask
        self._held: dict[str, Any] = {}
        with ExitStack() as stack:
            for name in parts:
                stack.callback(module.get_submodule(name).register_forward_hook(self._keeping(name)).remove)
            self._whole = ask(clip)

    def __call__(self, keep: Int[Tensor, "n kept"]) -> Outputs:
        """Outputs of clips of these frames, each with the frames in its order."""
        clips = self._clip[:, :, : keep.shape[1]].expand(len(keep), -1, -1, -1, -1).clone()
        with ExitStack() as stack:
            for name, answer in self._held.items():
                given = with_tensor(answer, lambda held: held[keep.flatten()])
                stack.enter_context(answering(self._module.get_submodule(name), given))
            return self._ask(clips)

    def answers_like(self, ask: Ask) -> bool:
        """Whether the first half of the frames, and the last, get the answers that shorter clips get."""
        count = self._clip.shape[2]
        half = torch.arange(math.ceil(count / 2), device=self._clip.device)
        keep = torch.stack([half, half + count // 2])
        clips = of_frames(self._clip[0], keep)
        try:
            expected, found = ask(clips), self(keep)
        except (RuntimeError, ValueError, IndexError):
            return False
        off, effect = (found - expected).abs().max(), (expected - self._whole).abs().max()
        return bool(off <= CLOSE * expected.abs().max()) and bool(off <= 100 * CLOSE * effect)

    def _keeping(self, name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: object, output: Any) -> None:
            tensor = tensor_of(output)
            assert tensor is not None
            self._held[name] = with_tensor(output, lambda raw: raw.detach().clone())

        return hook
