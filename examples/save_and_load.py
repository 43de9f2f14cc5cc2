"""Keep an explanation with all that is needed to trust it later, and find out when a file was altered."""

import sys
from pathlib import Path

import numpy as np

import seewhy

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")

explanation = seewhy.explain("efficientnet-lite0", seewhy.photo("rocket"), method="layer-cam")
place = explanation.save(out / "rocket")
print("files:", sorted(file.name for file in place.iterdir()))

again = seewhy.Explanation.load(place)
print("the same numbers:", np.array_equal(again.values, explanation.values))
print("made by:", again.origin.method, again.origin.model, "seed", again.origin.seed)

(place / "arrays.npz").write_bytes(b"damaged")
try:
    seewhy.Explanation.load(place)
except seewhy.errors.DamagedExplanation as error:
    print(error.lines())
