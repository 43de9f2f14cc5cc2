"""Test-wide set-up: one thread, the torchvision shim, shapes checked at run time."""

import torch
import torchvision_shim  # noqa: F401

torch.set_num_threads(1)
