"""Any Python function as a model: images in, class scores out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ..domain.shapes import Variants
from ..errors import BadOption
from .black_box import BlackBox

if TYPE_CHECKING:
    from ..inputs.preprocess import Preprocess

Takes = Literal["tensor", "array", "images"]
WHY = "it is a plain function, which answers but cannot be looked into"


class FunctionModel(BlackBox):
    """Hands the function a private copy: tensor (n,c,h,w), array (n,h,w,c), or 8-bit images (n,h,w,c)."""

    def __init__(
        self,
        function: Callable[[Any], object],
        *,
        takes: Takes = "tensor",
        batch: int | None = None,
        name: str | None = None,
        labels: Sequence[str] | None = None,
        preprocess: Preprocess | None = None,
    ) -> None:
        if takes not in get_args(Takes):
            raise BadOption(f"A function cannot take {takes!r}.", fix=f"choose one of: {', '.join(get_args(Takes))}.")
        if batch is not None and batch < 1:
            raise BadOption(f"A batch of {batch} images cannot be asked about.", fix="give batch=1 or more.")
        super().__init__(name or _name(function), labels=labels, preprocess=preprocess, why=WHY)
        if takes == "tensor":
            self.hint = "; seewhy.adapt(function, takes='array') hands it arrays (n, h, w, c), 'images' 8-bit ones"
        self.function, self.takes, self.limit = function, takes, batch

    def ask(self, ready: Variants) -> object:
        if self.takes == "tensor":
            return self.function(ready.clone())
        last = ready.movedim(1, -1).numpy()
        if self.takes == "array":
            return self.function(np.array(last, order="C"))
        return self.function((last * 255).round().clip(0, 255).astype(np.uint8))

    def _identity(self) -> object:
        # The function's code; what that code reads from elsewhere cannot be covered.
        code = getattr(self.function, "__code__", getattr(type(self.function).__call__, "__code__", None))
        return self.name, self.takes, code and (code.co_code, code.co_names, _constants(code))


def _name(function: Callable[[Any], object]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _constants(code: Any) -> list[object]:
    # A nested function's repr holds its address, which changes from run to run.
    return [c.co_code if hasattr(c, "co_code") else c for c in code.co_consts]
