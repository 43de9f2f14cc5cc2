"""Bands over curves hold all places at once."""

import numpy as np

from seewhy.stats.bands import mean_curve


def curves(seed: int, images: int = 40, places: int = 29, shared: float = 0.7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(size=(images, places)), axis=1) / places**0.5
    return shared * walk + (1 - shared) * rng.normal(size=(images, places))


def test_the_band_holds_the_whole_curve_and_single_intervals_do_not():
    found = [mean_curve(curves(seed), seed=seed) for seed in range(150)]
    each = np.mean([(np.abs(one.values) <= one.each).mean() for one in found])
    all_places = np.mean([(np.abs(one.values) <= one.band).all() for one in found])
    naive = np.mean([(np.abs(one.values) <= one.each).all() for one in found])
    assert 0.93 <= each <= 0.97
    assert 0.92 <= all_places <= 0.985
    assert naive < 0.75


def test_one_image_has_a_curve_without_a_band_and_lost_ones_are_counted():
    table = curves(0, 2)
    table[1, 3] = np.nan
    found = mean_curve(table)
    assert (found.images, found.dropped) == (1, 1)
    assert np.isinf(found.band).all()


def test_thousands_of_images_are_taken_in_blocks_without_another_answer(monkeypatch):
    from seewhy.stats import bands

    table = curves(0, 600)
    whole = mean_curve(table).band
    monkeypatch.setattr(bands, "_BLOCK", 128)
    bands._weights.cache_clear()
    assert np.allclose(mean_curve(table).band, whole, rtol=0.06)
    bands._weights.cache_clear()
