"""Networks that write into their input, know their size only when they see it, or run out of memory."""

import pytest
import torch
from torch import nn

import seewhy
from seewhy.domain.capability import Capability
from seewhy.errors import ModelFailed
from seewhy.registry import load_all
from seewhy.testing.asking import Case, ask, cases_of
from seewhy.testing.tiny_models import pictures, tiny_cnn, tiny_pooled, tiny_vit
from seewhy.testing.wrappers import Cramped, Overwriting


class Pure(nn.Module):
    """What `Overwriting` computes, without writing."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, images):
        return self.inner((images - 0.5) * 2.0)


CASES = [Case("vit", tiny_vit, (3, 24, 24)), Case("pooled", tiny_pooled, (3, 24, 24), Capability.POOLING)]


ABLE = [entry for entry in load_all().values() if cases_of(entry, CASES)]  # the others want clips


@pytest.mark.parametrize("entry", ABLE, ids=lambda entry: entry.name)
def test_a_network_that_writes_into_its_input_is_explained_like_one_that_does_not(entry):
    case = cases_of(entry, CASES)[0]
    images = case.images()
    before = images.clone()
    found, expected = (ask(entry, kind(case.build()), images) for kind in (Overwriting, Pure))
    assert torch.equal(images, before)
    assert all((a.values == b.values).all() for a, b in zip(found, expected, strict=True))


def test_attention_of_a_network_that_fits_one_unusual_size_is_found_when_the_images_have_it():
    (found,) = seewhy.explain(tiny_vit((20, 20)), pictures(1, 3, 20, 20), method="attention-rollout")
    assert found.values.shape == (5, 5)


def test_a_single_image_that_does_not_fit_into_memory_is_an_error_by_name():
    with pytest.raises(ModelFailed, match="does not fit into memory"):
        seewhy.explain(Cramped(tiny_cnn(), 0), pictures(1, 3, 24, 24)[0], method="occlusion")
