"""LeGrad against TorchCAM, on the one family that it supports by itself."""

from __future__ import annotations

import pytest
import torch

import seewhy
from seewhy.inputs.preprocess import Preprocess

torchcam = pytest.importorskip("torchcam.methods")


@pytest.mark.parametrize("target", [0, 4])
def test_legrad_of_a_torchvision_transformer_is_torchcams_before_it_is_normalised(target: int) -> None:
    tv = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    network = tv.VisionTransformer(64, 16, num_layers=3, num_heads=2, hidden_dim=32, mlp_dim=64, num_classes=7).eval()
    torch.nn.init.normal_(network.heads.head.weight)
    image = torch.rand(3, 64, 64)
    with torchcam.LeGrad(network, list(network.encoder.layers)) as extractor:
        scores = network(image[None])
        expected = extractor(target, scores, normalized=False)[0][0]
    found = seewhy.explain(network, image, method="legrad", target=target, scale="logit", preprocess=Preprocess.plain())
    torch.testing.assert_close(torch.from_numpy(found.values), expected.detach(), rtol=1e-4, atol=1e-7)
