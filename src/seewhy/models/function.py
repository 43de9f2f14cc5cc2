"""Any Python function as a model: images in, class scores out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from torch import Tensor

from ..domain.shapes import Variants
from ..errors import BadOption
from .black_box import BlackBox
from .clip_order import first_that_fits, said_order
from .outputs import checked

if TYPE_CHECKING:
    from ..inputs.preprocess import Preprocess

Takes = Literal["tensor", "frames", "pathways", "array", "images"]
WHY = "it is a plain function, which answers but cannot be looked into"


class FunctionModel(BlackBox):
    """Hands the function a private copy: tensor (n,c,h,w), array (n,h,w,c), or 8-bit images (n,h,w,c).

    Clips are tensors (n,c,t,h,w), or for `frames` (n,t,c,h,w), or for `pathways` a slow and a fast one; what is not
    said is tried.
    """

    def __init__(
        self,
        function: Callable[[Any], object],
        *,
        takes: str | None = None,
        batch: int | None = None,
        name: str | None = None,
        labels: Sequence[str] | None = None,
        preprocess: Preprocess | None = None,
    ) -> None:
        if takes is not None and takes.partition(":")[0] not in get_args(Takes):
            raise BadOption(f"A function cannot take {takes!r}.", fix=f"choose one of: {', '.join(get_args(Takes))}.")
        if batch is not None and batch < 1:
            raise BadOption(f"A batch of {batch} images cannot be asked about.", fix="give batch=1 or more.")
        super().__init__(name or _name(function), labels=labels, preprocess=preprocess, why=WHY)
        if takes is None:
            self.hint = "; seewhy.adapt(function, takes='array') hands it arrays (n, h, w, c), 'images' 8-bit ones"
        self.function, self.takes, self.limit = function, takes, batch
        self.order = None if takes in ("array", "images") else said_order(takes)

    def ask(self, ready: Variants) -> object:
        if self.takes not in ("array", "images"):
            return self._ask_tensor(ready)
        last = ready.movedim(1, -1).numpy()
        if self.takes == "array":
            return self.function(np.array(last, order="C"))
        return self.function((last * 255).round().clip(0, 255).astype(np.uint8))

    def _ask_tensor(self, ready: Variants) -> object:
        """Clips in the order in which the function first answered, photos as they are."""
        if self.order is None and ready.ndim == 5:
            rows, name = len(ready), self.name
            found = first_that_fits(lambda given: checked(self._called(given), rows, name), ready, self.takes)
            if found is not None:
                self.order, answer = found
                return answer
        return self._called(ready if self.order is None else self.order(ready))

    def _called(self, given: Tensor | list[Tensor]) -> object:
        return self.function([part.clone() for part in given] if isinstance(given, list) else given.clone())

    def _identity(self) -> object:
        # The function's code; what that code reads from elsewhere cannot be covered.
        code = getattr(self.function, "__code__", getattr(type(self.function).__call__, "__code__", None))
        return self.name, self.takes, code and (code.co_code, code.co_names, _constants(code))


def _name(function: Callable[[Any], object]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _constants(code: Any) -> list[object]:
    # A nested function's repr holds its address, which changes from run to run.
    return [c.co_code if hasattr(c, "co_code") else c for c in code.co_consts]
