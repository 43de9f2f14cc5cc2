"""Patches whose tokens work as registers are told, for each image by itself, by every attention method."""

from __future__ import annotations

import pytest
import torch

import seewhy
from oracles.known_networks import HandMadeAttention
from seewhy.inputs.preprocess import Preprocess
from seewhy.registry import load_all
from seewhy.testing.tiny_models import pictures, tiny_vit

METHODS = [name for name, entry in load_all().items() if entry.family == "attention"]
PLAIN = {"preprocess": Preprocess.plain()}


def notes(found: seewhy.Explanation) -> list[str]:
    return [check.message for check in found.checks if check.name == "note" and "hot spots" in check.message]


@pytest.mark.parametrize("method", METHODS)
def test_a_planted_long_token_is_told(method: str) -> None:
    image, network = pictures(1, 3, 24, 24)[0], tiny_vit()
    assert not notes(seewhy.explain(network, image, method=method, **PLAIN))
    with torch.no_grad():
        network.places[0, 1 + 7] *= 30
    (note,) = notes(seewhy.explain(network, image, method=method, **PLAIN))
    assert note.startswith("1 patch has a token up to")


def test_a_long_class_token_is_no_hot_spot() -> None:
    network = tiny_vit()
    with torch.no_grad():
        network.places[0, 0] *= 30
    assert not notes(seewhy.explain(network, pictures(1, 3, 24, 24)[0], method="raw-attention", **PLAIN))


def hand_made(blocks: int, tokens: int = 5, heavy: float = 0.2) -> HandMadeAttention:
    rows = torch.full((1, tokens, tokens), (1 - heavy) / (tokens - 1))
    rows[..., 3] = heavy
    return HandMadeAttention([rows] * blocks, [0.1 * torch.eye(3)[None]] * blocks, torch.eye(3))


def test_each_image_of_a_batch_gets_its_own_note() -> None:
    even, spot = torch.full((1, 4, 4), 0.5), torch.full((1, 4, 4), 0.05)
    spot[:, :2, 2:] = 1.0
    found = seewhy.explain(hand_made(2), [even, spot], method="raw-attention", **PLAIN)
    assert [len(notes(one)) for one in found] == [0, 1]


def test_where_blocks_have_no_known_end_a_patch_that_takes_most_of_the_map_is_told() -> None:
    image = torch.full((1, 6, 6), 0.5)
    heavy, even = (
        seewhy.explain(hand_made(1, 10, share), image, method="raw-attention", **PLAIN) for share in (0.97, 0.1)
    )
    assert notes(heavy)[0].startswith("One patch holds")
    assert not notes(even)
