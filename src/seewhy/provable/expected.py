"""What a map must be by each rule, asked of the network itself: all coalitions, or a long sum along the way."""

from __future__ import annotations

import copy
import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

POINTS = 4096  # on the way from black to the image
Values = Float[Tensor, "*space"]


def expected(rule: str, network: nn.Module, image: Float[Tensor, "c *space"], target: int = 0) -> Values:
    """The value of each place of one image by a rule, in double precision."""
    exact = copy.deepcopy(network).double()
    if rule == "path-integral":
        return path_integral(exact, image.double(), target)
    return GAMES[rule](scores_of_coalitions(exact, image.double(), target)).reshape(image.shape[1:])


def scores_of_coalitions(network: nn.Module, image: Tensor, target: int) -> Tensor:
    """The score with each set of places present, the rest black; the first place is the highest bit of its number."""
    places = image[0].numel()
    numbers = torch.arange(2**places)
    present = (numbers[:, None] >> torch.arange(places - 1, -1, -1) & 1).reshape(-1, 1, *image.shape[1:])
    with torch.no_grad():
        return torch.cat([network(image * block)[:, target] for block in present.to(image).split(4096)])


def gains(table: Tensor) -> tuple[Tensor, Tensor]:
    """What each place adds (place, coalition without it), and how many others are in that coalition."""
    places = int(math.log2(len(table)))
    sizes = torch.tensor([number.bit_count() for number in range(len(table) // 2)])
    cube = table.reshape([2] * places)
    return torch.stack([(cube.select(i, 1) - cube.select(i, 0)).flatten() for i in range(places)]), sizes


def shapley(table: Tensor) -> Tensor:
    """The mean gain, every size of company counting alike."""
    found, sizes = gains(table)
    places = len(found)
    weights = torch.tensor([1 / (places * math.comb(places - 1, size)) for size in range(places)]).to(table)
    return found @ weights[sizes]


def banzhaf(table: Tensor) -> Tensor:
    """The mean gain, every company counting alike."""
    return gains(table)[0].mean(dim=1)


def leave_one_out(table: Tensor) -> Tensor:
    """The gain of who comes last."""
    return gains(table)[0][:, -1]


def path_integral(network: nn.Module, image: Tensor, target: int) -> Values:
    """Image times the mean gradient on the straight way from black, by the midpoint rule."""
    shares = ((torch.arange(POINTS) + 0.5) / POINTS).reshape(-1, *[1] * image.ndim)
    points = (image * shares.to(image)).requires_grad_()
    with torch.enable_grad():
        (slopes,) = torch.autograd.grad(network(points)[:, target].sum(), points)
    return (image * slopes.mean(dim=0)).sum(dim=0)


GAMES = {"shapley": shapley, "banzhaf": banzhaf, "leave-one-out": leave_one_out}
