"""Why this class rather than that one? A contrast explains the difference of the two scores."""

import sys
from pathlib import Path

import seewhy

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

model, photo = seewhy.adapt("efficientnet-lite0"), seewhy.photo("cat")
targets = ["tabby", "tiger cat", seewhy.Contrast("tiger cat", "tabby")]
found = seewhy.explain(model, photo, method="occlusion", target=targets, window=56, stride=56)

for explanation in found:
    asked = explanation.target
    rather = f" rather than {asked.against_label}" if asked.against_label else ""
    print(f"{asked.label}{rather}: score {asked.score:+.2f} on the {asked.scale} scale")
found[2].overlay().save(out / "tiger_cat_rather_than_tabby.png")
