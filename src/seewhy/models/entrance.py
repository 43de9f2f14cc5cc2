"""Where patches can be left out of the sequence: tried on noise, and believed only when it equals masked attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..errors import SeewhyError
from .attention import Recorder
from .dryrun import DryRun
from .sample import BATCH
from .tokens import TokenGrid, dropping, kept_tokens, rewriting
from .watch import watching

Ask = Callable[[Tensor], Tensor]


def find_entrance(module: nn.Module, ask: Ask, run: DryRun, tokens: TokenGrid) -> tuple[TokenGrid, str]:
    """The token grid with its entrance, or with none and the reason."""
    reason = "no module receives the whole sequence"
    for name in tokens.around:
        candidate = replace(tokens, entrance=name)
        try:
            with torch.no_grad():
                reason = _difference(module, ask, run, candidate)
        except (SeewhyError, RuntimeError, ValueError) as error:
            reason = f"its blocks need the whole grid ({_cause(error)})"
        if not reason:
            return candidate, ""
    return tokens, reason


def _difference(module: nn.Module, ask: Ask, run: DryRun, tokens: TokenGrid) -> str:
    """Why leaving patches out here is not the same as forbidding every attention to look at them; '' when it is."""
    kept = tokens.patches - max(tokens.patches // 3, 1)
    order = torch.rand(BATCH, tokens.patches, generator=torch.Generator().manual_seed(2)).argsort(1)
    keep = order[:, :kept].sort(1).values
    # First what fails soonest: a part of a block cannot add a shorter sequence to the whole one.
    with dropping(module, tokens, keep), watching(module, [tokens.final]) as short:
        ask(run.images)
    with rewriting(module, tokens, lambda sequence: sequence.flip(0)):
        if not _alike(ask(run.images.flip(0)), run.outputs):
            return "its answer depends on more than the sequence of tokens"
    with Recorder(blind=blind(tokens, keep).to(run.images.device)), watching(module, [tokens.final]) as masked:
        ask(run.images)
    expected = kept_tokens(masked.layers[tokens.final], tokens, keep)
    if _alike(short.layers[tokens.final], expected):
        return ""
    return "leaving patches out is not the same as not looking at them"


def blind(tokens: TokenGrid, keep: Tensor) -> Tensor:
    """True for each token (n, tokens) that is not kept."""
    hidden = torch.ones(len(keep), tokens.count, dtype=torch.bool)
    hidden[:, : tokens.prefix] = False
    hidden[:, tokens.prefix + tokens.patches :] = False
    return hidden.scatter(1, keep.cpu() + tokens.prefix, False)


def _alike(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    # Half of the digits: kernels for other lengths sum in another order, and depth multiplies that.
    allowed = max(torch.finfo(one.dtype).eps, torch.finfo(torch.float32).eps) ** 0.5 * float(other.abs().max())
    return bool((one - other).abs().max() <= allowed)


def _cause(error: Exception) -> str:
    cause = error.__cause__ or error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0][:120]
