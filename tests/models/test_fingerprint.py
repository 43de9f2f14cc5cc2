"""The digest of a network's weights: whatever is written into them, and wherever they lie in memory."""

import pytest
import torch
from torch import nn

from seewhy.models.fingerprint import LONG, fingerprint


class Holds(nn.Module):
    """One tensor and nothing else."""

    def __init__(self, values: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("values", values)


def numbers(count: int, dtype: torch.dtype) -> torch.Tensor:
    found = torch.arange(1, count + 1) % 97
    return (found > 48) if dtype == torch.bool else found.to(dtype)


DTYPES = [torch.bool, torch.uint8, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.complex64]
COUNTS = [1, 3, 1000, LONG // 4 + 5, LONG + 3]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", COUNTS)
def test_one_written_value_is_noticed_wherever_it_stands(dtype, count):
    module = Holds(numbers(count, dtype))
    first = fingerprint(module)
    for place in {0, 1, count // 2, count - 2, count - 1} & set(range(count)):
        kept = module.values[place].clone()
        module.values.data[place] = ~kept if dtype == torch.bool else kept + 1
        assert fingerprint(module) != first
        module.values.data[place] = kept
    assert fingerprint(module) == first


@pytest.mark.parametrize("apart", [1, 2, 511, 512, 1024, 5000, 2**17])
def test_two_values_that_change_places_are_noticed(apart):
    module = Holds(torch.rand(3 * LONG, generator=torch.Generator().manual_seed(0)))
    first = fingerprint(module)
    for place in (0, 1, 12_345):
        pair = [place, place + apart]
        module.values.data[pair] = module.values[pair[::-1]].clone()
        assert fingerprint(module) != first
        module.values.data[pair] = module.values[pair[::-1]].clone()


def test_short_tensors_that_change_places_are_noticed():
    one, other = torch.zeros(4), torch.ones(4)
    assert fingerprint(nn.ParameterList([one, other])) != fingerprint(nn.ParameterList([other, one]))


@pytest.mark.parametrize("count", [10, LONG])
def test_it_does_not_matter_where_and_how_the_values_lie(count):
    values = torch.rand(count + 1, generator=torch.Generator().manual_seed(0))
    plain = fingerprint(Holds(values[1:].clone()))
    assert fingerprint(Holds(values[1:])) == plain  # begins in the middle of a word of eight bytes
    assert fingerprint(Holds(torch.stack([values[1:], values[1:]], dim=1)[:, 0])) == plain
    turned = values[:count].view(5, -1).t() if count == 10 else values[:count].view(2, -1).t()
    assert fingerprint(Holds(turned)) == fingerprint(Holds(turned.contiguous()))
