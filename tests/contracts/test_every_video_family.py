"""Every family of video networks goes through every method: a map, or the reason that its capability card states."""

import functools

import numpy as np
import pytest
import torch

import seewhy
from models.video_networks import FAMILIES
from seewhy.domain.capability import Capability
from seewhy.errors import MissingCapability, NoAttention
from seewhy.models.adapt import adapt
from seewhy.registry import load_all, require
from seewhy.testing.asking import ask, ask_all, step_of
from seewhy.testing.tiny_models import pictures

ENTRIES = [entry for entry in load_all().values() if 3 in entry.spaces]
WIDE = ("R3D", "MC3", "R(2+1)D", "S3D")  # tens of millions of weights, as published: asked about once for all
SMALL = [name for name in FAMILIES if name not in WIDE]
LEAST = {"samples": 32, "steps": 3, "areas": 1, "groups": 2, "cells": 2, "window": 2, "stride": 2}


@functools.cache
def met(family):
    torch.manual_seed(0)
    model = adapt(FAMILIES[family].build().eval())
    model.meet(FAMILIES[family].shape)
    return model


@functools.cache
def offered(family):
    reasons = met(family).offers.methods
    return [entry for entry in ENTRIES if reasons[entry.name] is None]


def options(entry, space):
    """The least that a method can be asked for: four tubes, or the frames, and windows of half the clip."""
    if 2 not in entry.spaces:
        return LEAST
    half = tuple(side // 2 for side in space)
    sides = {"window": half, "stride": half} if entry.name != "quadtree-occlusion" else {}
    return {**LEAST, "regions": seewhy.Tubes(2), **sides}


def check_map(entry, found, family):
    space = FAMILIES[family].shape[1:]
    assert found.values.ndim == 3
    assert np.isfinite(found.values).all()
    assert all(cells <= size for cells, size in zip(found.values.shape, space, strict=True))
    assert found.heatmap().shape == space
    if "layer" in entry.reads:
        assert found.values.shape == FAMILIES[family].grid
    if entry.reads == ("input",):
        assert found.values.shape == space


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_card_does_not_offer_is_refused_with_its_reason(family):
    model, used = met(family), {entry.name for entry in offered(family)}
    capabilities, missing = model.capabilities, model.missing
    for entry in (entry for entry in ENTRIES if entry.name not in used):
        with pytest.raises(MissingCapability) as refused:
            require(entry, capabilities, model.name, missing)
        lacking = [flag for flag in Capability if flag in entry.needs & ~capabilities]
        assert lacking
        assert all(missing[flag] in refused.value.problem for flag in lacking)
        assert refused.value.fix


@pytest.mark.parametrize("family", SMALL)
def test_every_method_that_a_card_offers_gives_a_map(family):
    clip = pictures(1, *FAMILIES[family].shape)
    for entry in offered(family):
        try:
            (found,) = ask(entry, met(family).module, clip, options(entry, clip.shape[2:]))
        except NoAttention:  # how attention moves values, and where its blocks end, no card tells
            assert Capability.JOINT in entry.needs
            continue
        check_map(entry, found, family)


@pytest.mark.parametrize("family", WIDE)
def test_all_that_only_look_share_one_pass_through_a_wide_network(family):
    clip = pictures(1, *FAMILIES[family].shape)
    looking = [entry for entry in offered(family) if entry.only_looks]
    (found,) = ask_all([step_of(entry, 3) for entry in looking], met(family).module, clip)
    assert {entry.family for entry in looking} >= {"gradient", "activation"}
    for entry, one in zip(looking, found, strict=True):
        check_map(entry, one, family)
