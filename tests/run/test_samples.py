"""Images of a report are read once, also the first one, which introduces itself to the model."""

import pytest
from PIL import Image

import seewhy
from seewhy.run import samples
from seewhy.testing.tiny_models import tiny_cnn

PLAIN = seewhy.Preprocess.plain()


@pytest.fixture
def files(tmp_path):
    (tmp_path / "0.png").write_text("no picture")
    for index in (1, 2):
        Image.new("RGB", (12, 12), (80 * index, 20, 90)).save(tmp_path / f"{index}.png")
    return sorted(map(str, tmp_path.glob("*.png")))


@pytest.fixture
def read(monkeypatch):
    names: list[str] = []

    def counting(item, preprocess, original=samples.read_sample):
        sample = original(item, preprocess)
        names.append(item.name)
        return sample

    monkeypatch.setattr(samples, "read_sample", counting)
    return names


def test_a_report_reads_each_image_once(files, read):
    metrics = {"rise-deletion": {"steps": 4}}
    card = seewhy.report_card(tiny_cnn(), files, "saliency", metrics=metrics, controls=False, preprocess=PLAIN)
    assert read == ["1.png", "2.png"]
    assert card.images == ("1.png", "2.png")
    assert list(card.failures) == ["0.png"]
