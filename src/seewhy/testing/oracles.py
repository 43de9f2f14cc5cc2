"""Slow re-derivations of every formula, in plain Python and numpy: what the fast code is compared with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Value = Callable[[frozenset[int]], float]  # the score when these parts are present


def shapley(value: Value, players: int) -> Array:
    """The mean gain of each player over all p! orders of arrival."""
    gains = np.zeros(players)
    for order in itertools.permutations(range(players)):
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            gains[player] += value(before | {player}) - value(before)
    return gains / math.factorial(players)


def path_integral(gradient: Callable[[Array], Array], start: Array, end: Array, steps: int = 20_000) -> Array:
    """Integrated gradients by the midpoint rule, one point after the other."""
    total = np.zeros_like(end)
    for step in range(steps):
        total += gradient(start + (step + 0.5) / steps * (end - start))
    return (end - start) * total / steps


def grad_cam(activations: Array, gradients: Array) -> Array:
    """Channels weighted by their mean gradient, before the ReLU; (k, h, w) each."""
    channels, height, width = activations.shape
    out = np.zeros((height, width))
    for k in range(channels):
        weight = sum(gradients[k, y, x] for y in range(height) for x in range(width)) / (height * width)
        for y, x in np.ndindex(height, width):
            out[y, x] += weight * activations[k, y, x]
    return out


def grad_cam_plus_plus(activations: Array, gradients: Array) -> Array:
    """Chattopadhay et al. 2018, eqs. 10 and 19, before the ReLU: the score is taken as an exponential."""
    channels, height, width = activations.shape
    out = np.zeros((height, width))
    for k in range(channels):
        weight = 0.0
        for y, x in np.ndindex(height, width):
            slope = gradients[k, y, x]
            below = 2 * slope**2 + activations[k].sum() * slope**3
            if slope > 0 and below != 0:
                weight += slope**2 / below * slope
        out += weight * activations[k]
    return out


def layer_cam(activations: Array, gradients: Array) -> Array:
    """Positive gradient times activation, place by place, before the ReLU."""
    out = np.zeros(activations.shape[1:])
    for k, y, x in np.ndindex(*activations.shape):
        out[y, x] += max(float(gradients[k, y, x]), 0.0) * activations[k, y, x]
    return out


def eigen_cam(activations: Array) -> Array:
    """Projection on the first right singular vector of (places x channels), turned to agree with the features' mean."""
    rows = activations.reshape(len(activations), -1).T
    _, _, right = np.linalg.svd(rows)
    component = rows @ right[0]
    sign = 1.0 if component @ rows.mean(axis=1) >= 0 else -1.0
    return np.asarray(sign * component).reshape(activations.shape[1:])


def rollout(blocks: Sequence[Array]) -> Array:
    """How much of each token (columns) reaches each token (rows); blocks are (heads, to, from), first block first."""
    tokens = blocks[0].shape[-1]
    reached = np.eye(tokens)
    for block in blocks:
        mean = sum(head for head in block) / len(block)
        mixed = np.zeros((tokens, tokens))
        for to in range(tokens):
            row = [0.5 * mean[to, start] + (0.5 if to == start else 0.0) for start in range(tokens)]
            mixed[to] = [weight / sum(row) for weight in row]
        reached = np.array([[sum(mixed[to] * reached[:, start]) for start in range(tokens)] for to in range(tokens)])
    return reached


def gradient_relevance(blocks: Sequence[Array], gradients: Sequence[Array]) -> Array:
    """Chefer et al. 2021 (ICCV), eqs. 5 and 6, for a model with self-attention only."""
    relevance = np.eye(blocks[0].shape[-1])
    for block, gradient in zip(blocks, gradients, strict=True):
        heads = [np.maximum(weights * slope, 0.0) for weights, slope in zip(block, gradient, strict=True)]
        relevance = relevance + (sum(heads) / len(heads)) @ relevance
    return relevance


def lime(rows: Array, answers: Array, *, width: float, strength: float) -> Array:
    """Weighted ridge on presence bits by an augmented design; the intercept is not penalised."""
    samples, players = rows.shape
    root = np.zeros(samples)
    for i, row in enumerate(rows):
        cosine = row.sum() / (math.sqrt(players) * math.sqrt(row.sum())) if row.any() else 0.0
        root[i] = math.sqrt(math.sqrt(math.exp(-((1 - cosine) ** 2) / width**2)))
    design = np.column_stack([np.ones(samples), rows]) * root[:, None]
    penalty = np.column_stack([np.zeros(players), math.sqrt(strength) * np.eye(players)])
    padded = np.concatenate([answers * root, np.zeros(players)])
    solved = np.linalg.lstsq(np.concatenate([design, penalty]), padded, rcond=None)[0]
    return np.asarray(solved[1:])


def rise(masks: Array, scores: Array, keep: float) -> Array:
    """The mean over masks of score times mask, divided by how often a pixel is shown."""
    out = np.zeros(masks.shape[1:])
    for mask, score in zip(masks, scores, strict=True):
        out += score * mask
    return out / (len(masks) * keep)
