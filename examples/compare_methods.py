"""Several methods on one photo: they share model runs, and one sheet draws them side by side."""

import sys
from pathlib import Path

import seewhy
from seewhy.render.figure import sheet

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

model, photo = seewhy.adapt("efficientnet-lite0"), seewhy.photo("coffee")
methods = ["grad-cam", "layer-cam", "input-x-gradient", "occlusion"]
print(seewhy.cost(model, photo, method=methods, window=56, stride=56))

found = seewhy.explain(model, photo, method=methods, window=56, stride=56)
for explanation in found:
    worst = [check.name for check in explanation.checks if check.verdict in ("bad", "warning")]
    print(f"{explanation.origin.method:17} {explanation.cost!s:24} look at: {', '.join(worst) or 'nothing'}")
sheet(found, title="Why coffee?").save(out / "compare.png")
