"""Test-wide set-up: shapes checked at run time, one thread, the torchvision shim."""

from jaxtyping import install_import_hook

install_import_hook(["seewhy.domain", "seewhy.engine", "seewhy.methods"], "shapes_checked.check")

import torch  # noqa: E402

import torchvision_shim  # noqa: E402, F401

torch.set_num_threads(1)
