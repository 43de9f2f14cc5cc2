"""Make a torchvision without matching binary operators importable: declare the two schemas it looks for.

Test support only. Where torchvision's own operators load, this does nothing.
"""

import importlib.util
import sys

import torch


def install() -> None:
    """Declare `torchvision::nms` and `torchvision::qnms` unless torchvision imports without that."""
    if importlib.util.find_spec("torchvision") is None:
        return
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        KEPT.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        KEPT.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


KEPT = torch.library.Library("torchvision", "FRAGMENT")  # the schemas live as long as this object
install()
