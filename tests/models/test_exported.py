"""torch.export programs as models."""

import pytest
import torch
from torch import nn

from seewhy.domain.capability import Capability
from seewhy.errors import BadOption, UnsupportedModel
from seewhy.models.adapt import adapt

IMAGES = torch.rand(5, 3, 6, 6, generator=torch.Generator().manual_seed(0))


def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)).eval()


def exported(module, batch, dynamic=False):
    shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
    return torch.export.export(module, (IMAGES[:batch],), dynamic_shapes=shapes)


@pytest.mark.parametrize(("batch", "dynamic", "limit"), [(1, False, 1), (2, False, 2), (2, True, None)])
def test_any_number_of_images_gets_the_answers_of_the_network(batch, dynamic, limit):
    module = net()
    model = adapt(exported(module, batch, dynamic))
    assert model.limit == limit
    assert model.size == (6, 6)
    torch.testing.assert_close(model(IMAGES), module(IMAGES))


def test_gradients_are_those_of_the_network_also_through_a_filled_up_batch():
    module, model = net(), adapt(exported(net(), 2))
    ours, theirs = IMAGES.clone().requires_grad_(), IMAGES.clone().requires_grad_()
    with model.borrowed():
        (mine,) = torch.autograd.grad(model(ours)[:, 1].sum(), ours)
    (right,) = torch.autograd.grad(module(theirs)[:, 1].sum(), theirs)
    torch.testing.assert_close(mine, right)


def test_borrowing_freezes_the_parameters_and_gives_them_back_even_after_an_error():
    program = exported(net(), 2)
    model = adapt(program)
    before = [p.requires_grad for p in model.module.parameters()]
    inside = []

    def fail():
        with model.borrowed():
            inside.extend(p.requires_grad for p in model.module.parameters())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert inside == [False] * 4
    assert [p.requires_grad for p in model.module.parameters()] == before == [True] * 4


def test_it_offers_scores_and_gradients_and_says_why_not_layers():
    model = adapt(exported(net(), 2))
    assert model.capabilities == Capability.SCORES | Capability.GRADIENTS
    assert "flattens" in model.missing[Capability.LAYERS]


def test_the_fingerprint_follows_the_weights():
    one, other = net(), net()
    with torch.no_grad():
        other[3].bias[0] += 1e-6
    assert adapt(exported(one, 2)).fingerprint == adapt(exported(net(), 2)).fingerprint
    assert adapt(exported(one, 2)).fingerprint != adapt(exported(other, 2)).fingerprint


def test_a_program_exported_in_training_mode_says_so():
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(108, 2))
    assert "training mode" in " ".join(adapt(exported(module.train(), 2)).notes)
    assert not adapt(exported(module.eval(), 2)).notes


def test_a_program_without_one_batch_of_images_is_refused():
    program = torch.export.export(nn.Linear(4, 2), (torch.rand(3, 4),))
    with pytest.raises(UnsupportedModel, match=r"\(3, 4\)"):
        adapt(program)


def test_a_device_where_it_does_not_run_is_refused():
    with pytest.raises(BadOption, match="meta"):
        adapt(exported(net(), 2), device="meta")
