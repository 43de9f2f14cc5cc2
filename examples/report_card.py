"""How far can two methods be trusted? Both are judged on drawn birds, beside controls that know nothing."""

import sys
from pathlib import Path

import seewhy
from seewhy.testing.scenes import dataset, trained

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")

network = trained("cnn", rule="wings", size=32, epochs=3).network
found = dataset(12, seed=7, rule="wings", split="test")
images = [scene.render(32) for scene in found.scenes]
masks = [scene.draw(32).mask("wings") for scene in found.scenes]  # the cause of the class is known

card = seewhy.report_card(
    network, images, ["grad-cam", "saliency"], masks=masks, level="quick", preprocess=seewhy.Preprocess.plain()
)
print(card)
for name in card.methods:
    gain, inside = card.interval(name, "gain"), card.interval(name, "energy pointing")
    print(f"{name:15} gain {gain.value:.2f} [{gain.low:.2f}, {gain.high:.2f}], density on the wings {inside.value:.1f}")
print("wrote", card.save(out) / "report_card.html")
