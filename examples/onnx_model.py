"""An ONNX file: exported here from a small network, then explained without torch code of its own."""

import sys
from pathlib import Path

import torch
from torch import nn

import seewhy

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

torch.manual_seed(0)
network = nn.Sequential(nn.Conv2d(3, 4, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 15 * 15, 3)).eval()
torch.onnx.export(network, (torch.rand(1, 3, 64, 64),), str(out / "small.onnx"), dynamo=True, verbose=False)

# The file does not say how photos become its input, so we do.
model = seewhy.adapt(f"onnx:{out / 'small.onnx'}", preprocess=seewhy.Preprocess.of(size=64), labels=["a", "b", "c"])
print("grad-cam:", model.offers.methods["grad-cam"])

explanation = seewhy.explain(model, seewhy.photo("rocket"), method="occlusion", window=16, stride=16)
print(explanation.summary())
explanation.overlay().save(out / "onnx.png")
