"""How alike two embeddings are, computed by hand: the cosine, its gradient, and what an absent part does to it."""

import numpy as np
import pytest
import torch
import transformers as hf
from torch import nn

import seewhy
from seewhy.errors import BadModelOutput, BadOption, BadTarget

PLAIN = seewhy.Preprocess.plain()
REFERENCE = torch.tensor([1.0, 2.0, -1.0])


class Colours(nn.Module):
    """The embedding of an image is its mean colour."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images):
        return {"embedding": self.scale * images.mean(dim=(2, 3)), "other": images}


def image(seed: int = 0) -> torch.Tensor:
    return torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(seed))


def encoder():
    return seewhy.adapt(Colours(), task="embedding", preprocess=PLAIN)


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(a @ b / (a.norm() * b.norm()))


def test_the_score_is_the_cosine_with_the_embedding_given():
    found = seewhy.explain(encoder(), image(), method="saliency", target=seewhy.Similar(REFERENCE))
    assert found.target.score == pytest.approx(cosine(image().mean(dim=(1, 2)), REFERENCE), abs=1e-6)
    assert found.target.scale == "cosine similarity"
    assert "cosine similarity is" in found.summary()
    assert "probability" not in found.summary()


def test_the_reference_may_be_an_image_in_any_size():
    other = torch.rand(3, 12, 6, generator=torch.Generator().manual_seed(3))
    found = seewhy.explain(encoder(), image(), method="saliency", target=seewhy.Similar(other))
    assert found.target.score == pytest.approx(cosine(image().mean(dim=(1, 2)), other.mean(dim=(1, 2))), abs=1e-6)
    assert found.cost.forward == 2  # the image, and the reference


def test_an_image_is_wholly_similar_to_itself():
    found = seewhy.explain(encoder(), image(), method="saliency", target=seewhy.Similar(image()))
    assert found.target.score == pytest.approx(1, abs=1e-6)


def test_the_gradient_is_that_of_the_cosine():
    # d cos(e, r) / d e = r / |e||r| - cos e / |e|^2, and every pixel carries a 64th of its colour.
    found = seewhy.explain(encoder(), image(), method="input-x-gradient", target=seewhy.Similar(REFERENCE))
    e, r = image().mean(dim=(1, 2)), REFERENCE
    slope = r / (e.norm() * r.norm()) - cosine(e, r) * e / e.norm() ** 2
    expected = (slope[:, None, None] * image() / 64).sum(0)
    assert np.allclose(found.values, expected, atol=1e-7)


def test_occlusion_is_the_cosine_without_a_window():
    black = seewhy.Colour("black")
    found = seewhy.explain(
        encoder(), image(), method="occlusion", target=seewhy.Similar(REFERENCE), window=4, stride=4, baseline=black
    )
    without = image()
    without[:, :4, 4:] = 0
    drop = cosine(image().mean(dim=(1, 2)), REFERENCE) - cosine(without.mean(dim=(1, 2)), REFERENCE)
    assert np.allclose(found.values[:4, 4:], drop, atol=1e-6)


def test_a_function_that_embeds_can_be_asked_too():
    asked = seewhy.adapt(lambda images: images.mean(dim=(2, 3)), task="embedding", preprocess=PLAIN)
    found = seewhy.explain(asked, image(), method="occlusion", target=seewhy.Similar(REFERENCE), window=4, stride=4)
    own = seewhy.explain(encoder(), image(), method="occlusion", target=seewhy.Similar(REFERENCE), window=4, stride=4)
    assert np.allclose(found.values, own.values, atol=1e-6)


def test_several_references_are_several_explanations_of_their_own():
    targets = [seewhy.Similar(REFERENCE), seewhy.Similar(image(1))]
    found = seewhy.explain(encoder(), image(), method="saliency", target=targets)
    assert [round(one.target.score, 5) for one in found] == [
        round(cosine(image().mean(dim=(1, 2)), to), 5) for to in (REFERENCE, image(1).mean(dim=(1, 2)))
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (None, "embeddings name no classes"),
        (3, "embeddings name no classes"),
        (seewhy.Similar(torch.zeros(3)), "zero or not finite"),
        (seewhy.Similar([1.0, 2.0]), "The reference has 2 numbers"),
        (seewhy.Similar(torch.rand(2, 3, 8, 8)), "2 images were given"),
        (seewhy.Similar("a red car", tokenizer=list), "embeds no texts"),
    ],
)
def test_what_cannot_be_compared_is_refused(asked, words):
    with pytest.raises(BadTarget, match=words):
        seewhy.explain(encoder(), image(), method="saliency", target=asked)


def test_an_answer_without_an_embedding_and_a_wish_for_a_scale_are_refused():
    asked = seewhy.adapt(nn.Conv2d(3, 4, 3), task="embedding", preprocess=PLAIN)
    with pytest.raises(BadModelOutput, match="no embeddings are to be seen"):
        seewhy.explain(asked, image(), method="occlusion", target=seewhy.Similar(REFERENCE))
    with pytest.raises(BadOption, match="means nothing here"):
        seewhy.explain(encoder(), image(), method="saliency", target=seewhy.Similar(REFERENCE), scale="probability")


def clip() -> hf.CLIPModel:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**sizes, "vocab_size": 20, "bos_token_id": 0, "eos_token_id": 1}
    config = hf.CLIPConfig(text_config=text, vision_config={**sizes, "image_size": 32, "patch_size": 8})
    return hf.CLIPModel(config).eval()


def tokenizer(texts, **_options):
    return {"input_ids": torch.tensor([[0, *(len(word) for word in text.split()), 1] for text in texts])}


def test_clip_is_asked_how_alike_a_photo_and_a_text_are():
    network = clip()
    photo = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(5))
    asked = seewhy.adapt(network, preprocess=PLAIN)
    assert asked.task == "embedding"
    methods = ["grad-cam", "attention-rollout", "occlusion"]
    target = seewhy.Similar("a black cat", tokenizer=tokenizer)
    found = seewhy.explain(asked, photo, method=methods, target=target, window=16, stride=16)
    with torch.no_grad():
        answer = network(pixel_values=photo[None], **tokenizer(["a black cat"]))
    wanted = (answer.logits_per_image[0, 0] / network.logit_scale.exp()).item()
    assert [one.target.score for one in found] == pytest.approx([wanted] * 3, abs=1e-5)
    assert "“a black cat”" in found[0].summary()
    assert np.abs(found[2].values).max() > 0
    assert found[0].layer is not None
