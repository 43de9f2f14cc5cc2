"""One clip from the command line: a film, a network in a file of its own, and two commands about them."""

import sys
from pathlib import Path

from PIL import Image

from seewhy.cli.main import run
from seewhy.testing.clips import story_at, trained

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)
trained(task="event", folder=out)  # kept there, for the file below

# What a person has: a film ...
pixels = (story_at(1, 1, task="event", split="test").render(160) * 255).round().byte().permute(1, 2, 3, 0).numpy()
first, *others = map(Image.fromarray, pixels)
first.save(out / "clip.gif", save_all=True, append_images=others, duration=100)

# ... and a file with a function that makes the network, and says how it wants its clips.
(out / "model.py").write_text(
    f"""
import seewhy
from seewhy.testing.clips import trained

def network():
    learned = trained(task="event", folder={str(out)!r})
    wants = seewhy.Preprocess.of(size=32, crop_pct=1.0, mean=0.0, std=1.0, pace=seewhy.Pace(16))
    return seewhy.adapt(learned.network, labels=list(learned.task.classes), preprocess=wants)
"""
)
asked = [str(out / "clip.gif"), "--model", f"{out / 'model.py'}:network"]
for command in (
    ["explain", *asked, "--method", "temporal-occlusion", "--out", str(out), "--report", str(out / "explained.html")],
    ["motion", *asked, "--flip", "--report", str(out / "motion.html"), "--quiet"],
):
    print("$ seewhy", *(word.replace(f"{out}/", "") for word in command))
    run(command)
