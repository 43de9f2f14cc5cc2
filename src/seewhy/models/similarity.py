"""Encoders: embeddings of images, and of texts where the model has both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ..errors import BadModelOutput, BadTarget
from .answer import named
from .model import Model

NAMES = ("image_embeds", "text_embeds", "pooler_output", "embedding", "embeddings", "features")
TEXT_SIDES = ("get_text_features", "encode_text")
Embeddings = Float[Tensor, "n d"]


def embedding_in(answer: object, name: str) -> Embeddings:
    """The embedding of each image in a tensor, dict or output object."""
    parts = named(answer) if not isinstance(answer, Tensor) else {}
    chosen = answer if isinstance(answer, Tensor) else next((parts[key] for key in NAMES if key in parts), None)
    if isinstance(chosen, Tensor) and chosen.ndim > 2 and chosen.shape[2:].numel() == 1:
        chosen = chosen.flatten(1)
    if not isinstance(chosen, Tensor) or chosen.ndim != 2:
        shape = f"shape {tuple(chosen.shape)}" if isinstance(chosen, Tensor) else f"none of {', '.join(NAMES)}"
        raise BadModelOutput(
            f"{name} answered {type(answer).__name__} with {shape}, in which no embeddings are to be seen.",
            fix="give seewhy.adapt(model, output=lambda answer: ...), which picks the embeddings (n, d).",
        )
    return chosen


def cosine(embeddings: Embeddings, reference: Float[Tensor, " d"]) -> Float[Tensor, "n 1"]:
    """The cosine of the angle between each embedding and the reference."""
    return F.cosine_similarity(embeddings.float(), reference.to(embeddings.device)[None], dim=1)[:, None]


def embedding_of_text(model: Model, text: str, tokenizer: Any) -> Float[Tensor, " d"]:
    """The embedding of a text by the other side of an image-text model."""
    module: Any = getattr(model, "module", None)
    side = next((name for name in TEXT_SIDES if callable(getattr(module, name, None))), None)
    if side is None:
        raise BadTarget(f"{model.name} embeds no texts.", fix="give an image, or the embedding as numbers.")
    tokens = tokenizer([text], **({"return_tensors": "pt", "padding": True} if side == TEXT_SIDES[0] else {}))
    with torch.no_grad():
        if isinstance(tokens, Mapping):
            answer = getattr(module, side)(**{key: value.to(model.device) for key, value in tokens.items()})
        else:
            answer = getattr(module, side)(tokens.to(model.device))
    return embedding_in(answer, model.name)[0].float()
