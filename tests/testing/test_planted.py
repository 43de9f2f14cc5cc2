"""Networks with planted evidence do what they promise about it."""

import pytest
import torch

from seewhy.errors import BadOption
from seewhy.models.adapt import adapt
from seewhy.testing.planted import (
    SIDE,
    quadrant,
    quadrant_images,
    quadrant_network,
    template,
    template_images,
    template_network,
    watermark_images,
    watermark_network,
)

SPACES = [(24, 24), (30, 18), (8, 16, 16)]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_the_template_decides_wherever_it_is(space):
    network, planted = template_network(len(space)), template_images(6, space)
    with torch.no_grad():
        there, gone = network(planted.images)[:, 1], network(planted.erased)[:, 1]
    assert torch.allclose(there, torch.full_like(there, 2), atol=1e-5)
    assert (gone <= -2).all()
    assert len(planted.masks.flatten(1).unique(dim=0)) > 1 or space == (8, 16, 16)
    assert torch.equal(planted.masks.flatten(1).sum(dim=1), torch.full((6,), SIDE ** len(space)))


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_the_masks_hold_all_that_was_planted(space):
    planted = template_images(6, space)
    changed = (planted.images != planted.erased).any(dim=1)
    assert torch.equal(changed, planted.masks)
    pasted = torch.where(planted.masks[:, None], 0.5, planted.images)
    assert (template_network(len(space))(pasted)[:, 1] < -1).all()


def test_the_template_answers_in_no_other_way_than_by_its_best_place():
    network, planted = template_network(), template_images(1)
    weights = template() / template().abs().sum()
    assert template().sum() == 0
    windows = planted.images[0].unfold(1, SIDE, 1).unfold(2, SIDE, 1)
    responses = torch.einsum("cyxij,cij->yx", windows, weights)
    assert torch.allclose(network(planted.images)[0, 1], 10 * (responses.max() - 0.3), atol=1e-5)
    (row,), (column,) = (torch.where(responses == responses.max())[axis].tolist() for axis in (0, 1))
    assert planted.masks[0, row : row + SIDE, column : column + SIDE].all()


def test_two_templates_answer_like_one_until_both_are_gone():
    network, planted = template_network(), template_images(4, copies=2)
    assert torch.equal(planted.masks.flatten(1).sum(dim=1), torch.full((4,), 2 * SIDE**2))
    half = torch.zeros(24, 24, dtype=torch.bool)
    for image, mask in zip(planted.images, planted.masks, strict=True):
        row, column = mask.nonzero()[0].tolist()
        half = torch.zeros_like(mask)
        half[row : row + SIDE, column : column + SIDE] = True
        one = torch.where(half, 0.5, image)
        assert network(torch.stack([image, one]))[:, 1].tolist() == pytest.approx([2, 2], abs=1e-4)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_nothing_outside_its_quadrant_reaches_the_network(space):
    network, planted = quadrant_network(len(space)), quadrant_images(2, space)
    assert torch.equal(planted.masks[0], quadrant(space))
    assert planted.masks[0].float().mean() == pytest.approx(0.5 ** len(space), abs=0.01)
    images = planted.images.requires_grad_()
    network(images)[:, planted.target].sum().backward()
    seen = planted.masks[:, None].expand_as(images)
    assert (images.grad[~seen] == 0).all()
    assert (images.grad[seen] != 0).float().mean() > 0.5
    elsewhere = torch.where(planted.masks[:, None], images, 1 - images)
    assert torch.equal(network(images), network(elsewhere))
    assert not torch.allclose(network(images), network(planted.erased), atol=0.01)


def test_the_watermark_flips_the_answer_and_nothing_else_was_changed():
    network, planted = watermark_network(), watermark_images(6)
    assert len(planted.images) == 6
    with torch.no_grad():
        assert (network(planted.images).argmax(dim=1) == planted.target).all()
        assert (network(planted.erased).argmax(dim=1) == 0).all()
    changed = (planted.images != planted.erased).any(dim=1)
    assert changed.any(dim=(1, 2)).all()
    assert not (changed & ~planted.masks).any()
    assert planted.masks.float().mean() < 0.05


def test_each_of_them_is_a_model_that_can_be_asked():
    for network, shape in (
        (template_network(), (3, 24, 24)),
        (template_network(3), (3, 8, 16, 16)),
        (quadrant_network(), (3, 24, 24)),
        (quadrant_network(3), (3, 8, 16, 16)),
        (watermark_network(), (3, 32, 32)),
    ):
        model = adapt(network)
        model.meet(shape)
        assert "layers" in str(model.capabilities).lower()


def test_templates_that_find_no_room_are_refused():
    with pytest.raises(BadOption, match="no room for 17 templates"):
        template_images(copies=17)
    with pytest.raises(BadOption, match="no room for 1 templates of 4 pixels in"):
        template_images(space=(5, 24))
