"""Explain one photo in one line, read the result, and keep the picture."""

import sys
from pathlib import Path

import seewhy

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

explanation = seewhy.explain("efficientnet-lite0", seewhy.photo("cat"), method="grad-cam", target="tiger cat")

print(explanation.summary())
for check in explanation.checks:
    print(f"  {check.verdict:8} {check.name}: {check.message}")
print("raw map:", explanation.values.shape, "on the photo:", explanation.heatmap().shape)
explanation.overlay().save(out / "cat.png")
