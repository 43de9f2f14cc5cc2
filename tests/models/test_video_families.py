"""Video networks of every family are asked, read and explained without a line of the person's code."""

import functools

import numpy as np
import pytest
import torch
import transformers

import seewhy
from models.video_networks import FAMILIES, JOINT, Family
from seewhy.domain.capability import Capability
from seewhy.models.adapt import adapt
from seewhy.testing.tiny_models import pictures

every = pytest.mark.parametrize("name", FAMILIES)


@functools.cache
def built(name):
    torch.manual_seed(0)
    return FAMILIES[name].build().eval()


def met(name):
    model = adapt(built(name))
    model.meet(FAMILIES[name].shape)
    return model


@every
def test_the_order_of_the_axes_is_known_or_found(name):
    assert str(met(name).order) == FAMILIES[name].order


@every
def test_the_layer_and_its_grid_in_time_and_space_are_found(name):
    choice = met(name).layout.choose()
    assert choice.shape[1:] == FAMILIES[name].grid
    assert choice.step == FAMILIES[name].shape[1] / FAMILIES[name].grid[0]


@every
def test_tokens_are_found_where_there_are_some(name):
    tokens = met(name).layout.tokens
    found = None if tokens is None else (tokens.prefix, tokens.grid, tokens.blocks, tokens.reads)
    assert found == FAMILIES[name].tokens


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in ("MC3", "R(2+1)D")])  # R3D's twins
def test_a_gradient_a_cam_and_a_game_explain_a_clip(name):
    family: Family = FAMILIES[name]
    methods = ["saliency", "grad-cam", "region-ablation"]
    found = seewhy.explain(
        built(name), pictures(1, *family.shape), method=methods, target=1, checks="quick",
        preprocess=seewhy.Preprocess.plain(), regions=seewhy.Grid(2),
    )[0]  # fmt: skip
    frames, height, width = family.shape[1:]
    for one, grid in zip(found, ((frames, height, width), family.grid, (2, 2, 2)), strict=True):
        assert one.values.shape == grid
        assert one.heatmap().shape == (frames, height, width)
    assert found[0].values.any()


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.tokens])
def test_attention_explains_a_clip(name):
    family: Family = FAMILIES[name]
    methods = ["raw-attention", "attention-rollout", "gradient-attention"]
    found = seewhy.explain(
        built(name), pictures(1, *family.shape), method=methods, target=1, checks="quick",
        preprocess=seewhy.Preprocess.plain(),
    )[0]  # fmt: skip
    for one, grid in zip(found, (family.looks or family.tokens[1], family.tokens[1], family.tokens[1]), strict=True):
        assert one.values.shape == grid
        assert one.values.any()


@every
def test_the_card_tells_what_a_video_network_offers(name):
    model = met(name)
    methods = model.offers.methods
    assert methods["grad-cam"] is None
    assert (methods["attention-rollout"] is None) == (FAMILIES[name].tokens is not None)
    assert Capability.LAYERS in model.capabilities
    handed = model.offers.facts.get("clips", "")
    assert handed == ("" if FAMILIES[name].order.startswith("channels") else f"handed over as {FAMILIES[name].order}")


def test_a_saved_video_network_opens_by_name_with_the_frames_that_it_is_built_for(tmp_path):
    built("VideoMAE").save_pretrained(tmp_path)
    size = {"size": {"shortest_edge": 24}, "crop_size": {"height": 24, "width": 24}}
    transformers.VideoMAEImageProcessor(**size).save_pretrained(tmp_path)
    model = adapt(f"hf:{tmp_path}")
    assert (model.preprocess.pace.frames, model.preprocess.crop) == (4, (24, 24))
    frames = np.random.default_rng(0).integers(0, 255, (10, 30, 40, 3), dtype=np.uint8)
    found = seewhy.explain(model, seewhy.Clip(frames, fps=5), method="grad-cam", target=1, checks="quick")
    assert found.values.shape == JOINT
    assert found.heatmap().shape == (4, 30, 40)


def test_attention_over_whole_frames_is_a_curve_of_them():
    found = seewhy.explain(
        built("frames and attention"), pictures(1, 3, 8, 16, 16), method="attention-rollout", target=1, checks="quick",
        preprocess=seewhy.Preprocess.plain(),
    )[0]  # fmt: skip
    assert found.values.shape == (8, 1, 1)
    assert found.values.sum() == pytest.approx(1, abs=1e-5)
    assert found.heatmap().shape == (8, 16, 16)
