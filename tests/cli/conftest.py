"""Tiny models by name, as a person would write them into a file."""

import pytest

SOURCE = """
import seewhy, torch
from torch import nn


def _network():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=4, padding=1), nn.ReLU()
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))


def bare():
    return _network()


def net(labels=("sky", "sea", "land")):
    network = _network()
    network[-1].bias.data = torch.tensor([0.0, 3.0, 0.0])
    return seewhy.adapt(network, labels=list(labels), preprocess=seewhy.Preprocess.of(size=32, crop_pct=1.0))


def evil():
    return net(("sky", "[bold]dog[/bold] \\x1b[31m", "<b>land</b>"))
"""


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "tiny.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def model(source):
    """A trained-looking network that answers "sea"."""
    return f"{source}:net"


@pytest.fixture
def evil(source):
    """A network whose class names try to steer the terminal."""
    return f"{source}:evil"


@pytest.fixture
def bare(source):
    """A network that says nothing about its input or its classes."""
    return f"{source}:bare"


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    """The same width and no colours, wherever the tests run."""
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("FORCE_COLOR", "NO_COLOR", "SEEWHY_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
