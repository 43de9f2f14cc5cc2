"""A network's answers from OpenVINO, which computes them faster than torch on a processor; an optional extra."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from ..domain.shapes import Outputs
from .prepared import CLOSE

HINTS = {"float32": "f32", "bfloat16": "bf16"}
# How far answers may be off, as a share of the largest; bfloat16 has three digits, and networks add their errors up.
ALLOWED = {"float32": CLOSE, "bfloat16": 0.03}
AS_TORCH = 3.0  # times what torch is off in bfloat16 still is its equal: the largest difference varies that much
FARTHEST = 0.2


def available() -> bool:
    """Whether OpenVINO is installed."""
    return find_spec("openvino") is not None


class Compiled(nn.Module):
    """Answers like a network whose answer was read as a table, without a graph and without an inside."""

    def __init__(self, run: Callable[[Any], Any]) -> None:
        super().__init__()
        self._run = run

    def forward(self, ready: Tensor) -> Outputs:
        return torch.from_numpy(self._run(ready.numpy())[0].copy())


def compiled(module: nn.Module, read: Callable[[Any], Tensor], sample: Tensor, precision: str) -> Compiled | None:
    """The network, and what reads its answer, as OpenVINO runs them; None where that does not answer alike."""
    both = torch.cat([sample, sample.flip(-1)])
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tracing is deprecated, and warns of every branch on a shape
            expected = torch.cat([read(module(one)) for one in both.split(1)])
            made = Compiled(_translated(_Table(module, read), both, HINTS[precision]))
            found = torch.cat([made(both[:1]), made(both[1:])]), made(both)
            allowed = leeway(lambda: read(module(both)), expected, precision)
    except Exception as error:  # what cannot be traced or translated is asked as it is
        logging.getLogger(__name__).info("OpenVINO is not used: %s", error)
        return None
    return made if all(off(answer, expected) <= allowed for answer in found) else None


def leeway(ask: Callable[[], Tensor], expected: Tensor, precision: str) -> float:
    """How far answers in this precision may be off those in float32, seeing how far torch's own are."""
    if precision == "float32":
        return ALLOWED[precision]
    with torch.autocast(expected.device.type, torch.bfloat16):
        lower = ask()
    return min(max(ALLOWED[precision], AS_TORCH * off(lower, expected)), FARTHEST)


def off(found: Tensor, expected: Tensor) -> float:
    """The largest difference as a share of the largest answer; infinite where shapes or numbers fail."""
    if found.shape != expected.shape:  # a trace can hold the number of images that it saw
        return math.inf
    share = float((found - expected).abs().max() / expected.abs().max())
    return share if math.isfinite(share) else math.inf


class _Table(nn.Module):
    """A network with its answer read as rows."""

    def __init__(self, network: nn.Module, read: Callable[[Any], Tensor]) -> None:
        super().__init__()
        self.network, self._read = network, read
        self.train(network.training)

    def forward(self, ready: Tensor) -> Tensor:
        return self._read(self.network(ready)).float()


def _translated(table: nn.Module, sample: Tensor, precision: str) -> Callable[[Any], Any]:
    from openvino import Core
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    reader = FrontEndManager().load_by_framework("pytorch")  # not convert_model: that one reports home
    decoder = TorchScriptPythonDecoder(torch.jit.trace(table, sample, check_trace=False))
    model = reader.convert(reader.load(decoder))
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": False,
    }
    return Core().compile_model(model, "CPU", settings)  # type: ignore[no-any-return]
