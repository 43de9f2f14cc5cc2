"""Linear imputation solves the linear system it names: against SciPy's direct solver, and by what is known of it."""

import numpy as np
import pytest
import torch
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

import seewhy
from seewhy.testing.tiny_models import pictures

CLEAN = seewhy.Linear(noise=0)
CLOSE = 1e-3  # a quarter of a step of 8 bits
IMAGE = pictures(1, 3, 64, 64)[0]


def solved(image, keep):
    """u = keep * image + (1 - keep) * mean of the neighbours' u, pixel by pixel; then the mean of the neighbours."""
    height, width = image.shape[1:]
    mean = sparse.lil_matrix((height * width, height * width))
    for y in range(height):
        for x in range(width):
            weights = {
                (y + dy, x + dx): 1 / 12 if dy and dx else 1 / 6
                for dy in (-1, 0, 1)
                for dx in (-1, 0, 1)
                if (dy or dx) and 0 <= y + dy < height and 0 <= x + dx < width
            }
            for (there, where), weight in weights.items():
                mean[y * width + x, there * width + where] = weight / sum(weights.values())
    mean, share = mean.tocsr(), np.asarray(keep, dtype=float).ravel()
    system = sparse.identity(len(share)) - sparse.diags(1 - share) @ mean
    seen = spsolve(system.tocsc(), share[:, None] * image.double().flatten(1).numpy().T)
    filled = np.where(share[:, None] < 1, mean @ seen, seen)
    return torch.from_numpy(filled.T.reshape(image.shape)).float()


def mask(kind, removed, shape=(64, 64), seed=0):
    order = np.random.default_rng(seed).standard_normal(shape)
    if kind == "smooth":
        order = ndimage.gaussian_filter(order, 5)
    if kind == "blocks":
        order = np.kron(order[::8, ::8], np.ones((8, 8)))[: shape[0], : shape[1]] + 1e-6 * order
    return torch.from_numpy(order <= np.quantile(order, 1 - removed))


@pytest.mark.parametrize("removed", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["noise", "smooth", "blocks"])
def test_it_is_the_solution_of_the_sparse_system(kind, removed):
    keep = mask(kind, removed)
    assert torch.allclose(CLEAN.complete(IMAGE, keep[None])[0], solved(IMAGE, keep), atol=CLOSE)


def lone(*places):
    keep = torch.zeros(45, 33, dtype=torch.bool)
    for place in places:
        keep[place] = True
    return keep


@pytest.mark.parametrize(
    "keep",
    [
        lone((20, 20)),
        lone((0, 0)),
        lone((44, 32), (3, 5)),
        lone((slice(None), 7)),
        lone((slice(None, None, 2), slice(None, None, 2))),
        lone((slice(None, None, 11), slice(None, None, 11))),
        ~lone((20, slice(None))),
        ~lone((0, 0)),
    ],
    ids=["one", "a corner", "two", "a column", "every second", "every eleventh", "all but a row", "all but a corner"],
)
def test_hardly_anything_is_left_or_hardly_anything_is_gone(keep):
    image = pictures(1, 2, 45, 33)[0]
    assert torch.allclose(CLEAN.complete(image, keep[None])[0], solved(image, keep), atol=CLOSE)


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (3, 5), (17, 40)])
def test_any_size_will_do(shape):
    image = pictures(1, 3, 48, 48)[0][:, : shape[0], : shape[1]]
    keep = mask("noise", 0.6, shape)
    assert torch.allclose(CLEAN.complete(image, keep[None])[0], solved(image, keep), atol=CLOSE)


def test_a_soft_mask_holds_a_pixel_as_far_as_it_keeps_it():
    keep = torch.rand(64, 64, generator=torch.Generator().manual_seed(0)).square()
    assert torch.allclose(CLEAN.complete(IMAGE, keep[None])[0], solved(IMAGE, keep), atol=CLOSE)


@pytest.mark.parametrize("removed", [0.1, 0.5, 0.9])
def test_nothing_is_darker_or_lighter_than_what_is_left(removed):
    keep = mask("smooth", removed)
    left, filled = IMAGE[:, keep], CLEAN.complete(IMAGE, keep[None])[0].flatten(1)
    assert bool((filled <= left.amax(dim=1, keepdim=True) + CLOSE).all())
    assert bool((filled >= left.amin(dim=1, keepdim=True) - CLOSE).all())


def test_a_ramp_goes_on_through_a_hole():
    ramp = torch.linspace(0, 1, 64)[:, None] * 0.5 + torch.linspace(0, 1, 64) * 0.5
    keep = torch.ones(64, 64, dtype=torch.bool)
    keep[10:50, 20:60] = False
    assert torch.allclose(CLEAN.complete(ramp.expand(3, 64, 64), keep[None])[0], ramp.expand(3, 64, 64), atol=CLOSE)


def test_a_large_hole_is_filled_in_single_precision_as_in_double():
    image, keep = pictures(1, 1, 224, 224)[0], torch.zeros(1, 224, 224, dtype=torch.bool)
    keep[0, 30, 200] = keep[0, 190:195, 10:20] = True
    single, double = (CLEAN.complete(pixels, keep)[0] for pixels in (image, image.double()))
    assert torch.allclose(single.double(), double, atol=CLOSE)
