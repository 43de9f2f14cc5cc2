"""Test-wide set-up: shapes checked at run time, one thread, the torchvision shim, networks trained once."""

from jaxtyping import install_import_hook

install_import_hook(["seewhy.domain", "seewhy.engine", "seewhy.methods"], "shapes_checked.check")

import fcntl  # noqa: E402
import os  # noqa: E402

import pytest  # noqa: E402
import torch  # noqa: E402

import torchvision_shim  # noqa: E402, F401

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """`seewhy.testing.scenes.trained`, where the first process of the session that asks trains for all."""
    from seewhy.testing import scenes

    return _once(scenes.trained, "cnn", tmp_path_factory)


@pytest.fixture(scope="session")
def trained_on_clips(tmp_path_factory):
    """`seewhy.testing.clips.trained`, in the same way."""
    from seewhy.testing import clips

    return _once(clips.trained, "cnn", tmp_path_factory)


def _once(train, usual, tmp_path_factory):
    """Training behind a lock, with a folder that all processes of the session share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "trained"
    folder.mkdir(exist_ok=True)

    def once(kind=usual, **options):
        with open(folder / f"{train.__module__}-{kind}-{sorted(options.items())}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return train(kind, folder=folder, **options)

    return once
