"""A copy of a network that has learned to see images with holes, to judge maps on inputs that it knows."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ..domain.baseline import Baseline, Blur
from ..domain.blend import blended
from ..domain.cost import Cost
from ..domain.linear import Linear
from ..domain.shapes import Images, Masks, Outputs
from ..engine.control import Control
from ..models.model import Model

FEWEST = 4  # images from which something can be held out
MOST = 256  # images that are kept in memory for it
HELD_OUT = 0.25  # of the images, to measure what it has learned
SIDES = (2, 4, 7, 14, 28)  # cells along a side of the masks: holes of all sizes


@dataclass(frozen=True, eq=False)
class MaskedEvaluator:
    """The copy and how well it knows images with holes; shares are of held-out images, against what the model says."""

    model: Model
    agreement: float  # of whole images: says what the model says
    accuracy: float  # of images with holes: still says what the model says of the whole
    before: float  # the same of the model as it was
    images: int
    steps: int

    def facts(self) -> dict[str, float]:
        """All but the copy."""
        return {name: value for name, value in vars(self).items() if name != "model"}


@dataclass(frozen=True)
class _Lesson:
    """Images with what the model says of them."""

    images: Images
    taught: Outputs


def fit(
    model: Model,
    images: Images,
    *,
    fill: Baseline,
    steps: int = 200,
    batch: int = 16,
    rate: float = 1e-3,
    seed: int = 0,
    control: Control | None = None,
) -> MaskedEvaluator:
    """Teach a copy to say of an image with random holes what the model says of the whole; no labels are needed."""
    assert len(images) >= FEWEST
    control, random = control or Control(), torch.Generator().manual_seed(seed)
    chosen = images[torch.randperm(len(images), generator=random)[:MOST]].to(model.device)
    held = max(2, round(len(chosen) * HELD_OUT))
    fills = (fill, Blur(), Linear())
    with model.borrowed():
        said = _said(model, chosen, batch, control)
        test, train = _Lesson(chosen[:held], said[:held]), _Lesson(chosen[held:], said[held:])
        holes = _with_holes(test.images, fills, random)
        before = _agreement(_said(model, holes, batch, control), test.taught)

        def taught(network: nn.Module) -> nn.Module:
            made = copy.deepcopy(network)
            learner = model.twin(lambda _: made)
            _teach(learner, made, train, fills, steps, min(batch, len(train.images)), rate, random, control)
            return made

        tuned = model.twin(taught)
    with tuned.borrowed():
        whole = _agreement(_said(tuned, test.images, batch, control), test.taught)
        after = _agreement(_said(tuned, holes, batch, control), test.taught)
    return MaskedEvaluator(tuned, whole, after, before, len(chosen), steps)


def _teach(
    learner: Model, network: nn.Module, lesson: _Lesson, fills: Sequence[Baseline], steps: int, batch: int,
    rate: float, random: torch.Generator, control: Control,
) -> None:  # fmt: skip
    """Adam with a cosine schedule; batch norms keep their statistics, which are those of whole images."""
    network.eval()
    weights = [parameter.requires_grad_() for parameter in network.parameters() if parameter.is_floating_point()]
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        control.check()
        rows = torch.randperm(len(lesson.images), generator=random)[:batch]
        seen = _with_holes(lesson.images[rows], fills, random)
        with torch.enable_grad():
            loss = _distance(learner(seen), lesson.taught[rows], learner)
            gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        nn.utils.clip_grad_norm_([weight for weight in weights if weight.grad is not None], 1.0)
        optimiser.step()
        schedule.step()
        control.pay(Cost(len(rows), len(rows)), "tuning")
    network.zero_grad(set_to_none=True)
    network.requires_grad_(False)


def _distance(said: Outputs, taught: Outputs, model: Model) -> Tensor:
    """How far the answer is from the taught one: of classes their distributions, of values the squares."""
    if model.task == "classes":
        return functional.kl_div(said.log_softmax(1), taught.log_softmax(1), log_target=True, reduction="batchmean")
    return functional.mse_loss(said, taught)


def _with_holes(images: Images, fills: Sequence[Baseline], random: torch.Generator) -> Images:
    """Each image with holes of its own: any share of it, cells of any size, one of the fills."""
    seen = []
    for image in images:
        fill = fills[int(torch.randint(len(fills), (), generator=random))]
        mask = _holes(tuple(image.shape[1:]), random).to(image.device)[None]
        shown = fill.shown(image, mask) if fill.adaptive else blended(image, mask, fill.fill(image))
        seen.append(shown[0])
    return torch.stack(seen)


def _holes(space: tuple[int, ...], random: torch.Generator) -> Masks:
    """True where the image stays: a random share of random cells."""
    side = SIDES[int(torch.randint(len(SIDES), (), generator=random))]
    grid = tuple(min(side, size) for size in space)
    share = float(torch.rand((), generator=random))
    cells = torch.rand(grid, generator=random) >= share
    return functional.interpolate(cells[None, None].float(), size=space, mode="nearest")[0, 0] > 0.5


def _said(model: Model, images: Images, batch: int, control: Control) -> Float[Tensor, "n classes"]:
    with torch.no_grad():
        said = torch.cat([model(some) for some in images.split(batch)])
    control.pay(Cost(len(images)), "tuning")
    return said


def _agreement(said: Outputs, taught: Outputs) -> float:
    return float((said.argmax(dim=1) == taught.argmax(dim=1)).float().mean())
