"""What absent looks like, for images and clips."""

import pytest
import torch

import seewhy
from seewhy.domain.baseline import Blur, Colour, Dropped, Inpaint, Mean, Nearest, Noise, Sample
from seewhy.domain.linear import Linear
from seewhy.errors import BadOption
from seewhy.testing.tiny_models import pictures

IMAGE, CLIP = pictures(1, 3, 24, 20)[0], pictures(1, 3, 5, 16, 16)[0]
FILLS_IN_TIME = [seewhy.Frozen(), seewhy.Held(), seewhy.Interpolated(), seewhy.Background(), seewhy.Resampled()]
on_both = pytest.mark.parametrize("image", [IMAGE, CLIP], ids=["image", "clip"])


@on_both
@pytest.mark.parametrize(
    ("value", "levels"),
    [
        ("black", (0, 0, 0)),
        ("white", (1, 1, 1)),
        ("grey", (128 / 255,) * 3),
        ("#ff8000", (1, 128 / 255, 0)),
        (0.25, (0.25,) * 3),
        ((0.1, 0.2, 0.3), (0.1, 0.2, 0.3)),
    ],
)
def test_a_colour_is_named_written_or_numbered(image, value, levels):
    (fill,) = Colour(value).fill(image)
    assert fill.shape == image.shape
    assert torch.allclose(fill.flatten(1), torch.tensor(levels, dtype=torch.float32)[:, None])


@pytest.mark.parametrize("value", ["mauve", "#12", "#12345g"])
def test_what_is_not_a_colour_is_refused(value):
    with pytest.raises(BadOption, match="not a colour"):
        Colour(value).fill(IMAGE)


@pytest.mark.parametrize("value", [(0.1, 0.2, 0.3), "#ff8000"])
def test_colours_that_are_no_grey_do_not_fit_one_channel(value):
    with pytest.raises(BadOption, match="channels"):
        Colour(value).fill(IMAGE[:1])


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize(
    ("value", "level"), [("black", 0), ("white", 1), ("grey", 128 / 255), ("#333333", 0.2), ((0.4, 0.4, 0.4), 0.4)]
)
def test_a_grey_fits_any_number_of_channels(value, level, channels):
    (fill,) = Colour(value).fill(torch.rand(channels, 6, 5))
    assert fill.shape == (channels, 6, 5)
    assert torch.allclose(fill, torch.full_like(fill, level))


def test_a_network_of_one_channel_is_asked_with_parts_painted_black():
    asked = []

    def brightness(images):
        asked.append(images)
        return images.mean(dim=(2, 3)).expand(-1, 2)

    options = {"method": "occlusion", "window": 8, "stride": 8, "baseline": "black", "target": 0}
    found = seewhy.explain(brightness, torch.full((1, 16, 16), 0.5), **options)
    assert found.values == pytest.approx(0.5 / 4)
    assert any(bool((batch == 0).any()) for batch in asked)


@on_both
def test_the_mean_is_the_colour_of_the_image(image):
    (fill,) = Mean().fill(image)
    assert torch.allclose(fill.flatten(1).mean(dim=1), image.flatten(1).mean(dim=1))
    assert float(fill.flatten(1).std(dim=1).max()) < 1e-6


@on_both
@pytest.mark.parametrize("sigma", [0.02, 0.1, 1.0])
def test_a_blur_keeps_constants_and_the_mean(image, sigma):
    constant = torch.full_like(image, 0.3)
    assert torch.allclose(Blur(sigma).fill(constant)[0], constant, atol=1e-5)
    (fill,) = Blur(sigma).fill(image)
    assert torch.allclose(fill.mean(), image.mean(), atol=1e-4)
    assert fill.std() < image.std()


def test_a_wider_blur_leaves_less():
    spreads = [float(Blur(sigma).fill(IMAGE)[0].std()) for sigma in (0.02, 0.05, 0.2)]
    assert spreads == sorted(spreads, reverse=True)


def test_a_clip_is_blurred_frame_by_frame():
    frames = Blur(0.1).fill(CLIP)[0]
    assert torch.allclose(frames[:, 2], Blur(0.1).fill(CLIP[:, 2])[0], atol=1e-6)


def test_a_blur_without_width_is_refused():
    with pytest.raises(BadOption, match="changes nothing"):
        Blur(0.0).fill(IMAGE)


@on_both
def test_noise_comes_from_its_seed_and_stays_in_range(image):
    one, again, other = (Noise(draws=3, seed=seed).fill(image) for seed in (0, 0, 1))
    assert one.shape == (3, *image.shape)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert bool(((one >= 0) & (one <= 1)).all())
    assert Noise(draws=3).fills == 3


@pytest.mark.parametrize("adaptive", [Inpaint(), Linear(noise=0), Nearest()], ids=lambda b: type(b).__name__)
class TestAdaptiveFills:
    """Fills that look at what is still there."""

    def holes(self, image, side=6):
        mask = torch.ones(image.shape[1:], dtype=torch.bool)
        mask[..., 8 : 8 + side, 6 : 6 + side] = False
        return mask[None]

    @on_both
    def test_a_constant_is_continued_exactly(self, adaptive, image):
        constant = torch.full_like(image, 0.4)
        assert torch.allclose(adaptive.complete(constant, self.holes(image))[0], constant, atol=1e-6)

    @on_both
    def test_the_hidden_pixels_are_not_used(self, adaptive, image):
        mask = self.holes(image)
        spoiled = torch.where(mask, image, torch.full_like(image, 0.9))
        hidden = ~mask[0].expand(image.shape)
        assert torch.allclose(adaptive.complete(image, mask)[0][hidden], adaptive.complete(spoiled, mask)[0][hidden])

    @on_both
    def test_nothing_left_shows_the_mean_colour(self, adaptive, image):
        nothing = torch.zeros(1, *image.shape[1:], dtype=torch.bool)
        assert torch.allclose(adaptive.complete(image, nothing)[0], Mean().fill(image)[0], atol=1e-6)

    @on_both
    def test_what_is_left_stays_as_it_is(self, adaptive, image):
        mask = self.holes(image)
        assert torch.equal(adaptive.complete(image, mask)[0][:, mask[0]], image[:, mask[0]])

    @on_both
    def test_each_mask_is_completed_by_itself(self, adaptive, image):
        masks = torch.cat([self.holes(image), self.holes(image, 3), ~self.holes(image)])
        together = adaptive.complete(image, masks)
        for mask, filled in zip(masks, together, strict=True):
            assert torch.allclose(filled, adaptive.complete(image, mask[None])[0])


def test_inpainting_continues_a_ramp():
    ramp = torch.linspace(0, 1, 32).expand(3, 32, 32).clone()
    mask = torch.ones(1, 32, 32, dtype=torch.bool)
    mask[0, 12:20, 12:20] = False
    filled = Inpaint().complete(ramp, mask)[0]
    assert float((filled - ramp).abs().max()) < 0.1
    assert float((filled - ramp).abs().max()) < 0.5 * float((Mean().fill(ramp)[0] - ramp)[:, ~mask[0]].abs().max())


@on_both
def test_the_noise_of_a_linear_fill_is_small_seeded_and_where_something_is_absent(image):
    masks = TestAdaptiveFills().holes(image).repeat(2, *[1] * (image.ndim - 1))
    clean, noisy, again, other = (
        Linear(noise, seed).complete(image, masks) for noise, seed in ((0, 0), (0.01, 0), (0.01, 0), (0.01, 1))
    )
    added = (noisy - clean)[:, :, ~masks[0]]
    assert 0.008 < float(added.std()) < 0.012
    assert torch.equal(added[0], added[1])
    assert torch.equal(noisy[:, :, masks[0]], clean[:, :, masks[0]])
    assert torch.equal(noisy, again)
    assert not torch.equal(noisy, other)


def test_a_frame_of_which_nothing_is_left_has_the_mean_colour_of_the_clip():
    masks = torch.ones(1, *CLIP.shape[1:], dtype=torch.bool)
    masks[0, 2] = False
    filled = Linear().complete(CLIP, masks)[0]
    assert torch.allclose(filled[:, 2], Mean().fill(CLIP)[0][:, 2], atol=1e-6)
    assert torch.equal(filled[:, 1], CLIP[:, 1])


def test_an_image_that_linear_imputation_cannot_fill_is_refused():
    with pytest.raises(BadOption, match="did not come within"):
        Linear().complete(torch.full((3, 16, 16), float("nan")), torch.eye(16, dtype=torch.bool)[None])


def test_the_nearest_fill_takes_the_nearest_pixel_that_is_there():
    row = torch.tensor([[[0.1, 0.2, 0.3, 0.4, 0.5]]])
    mask = torch.tensor([[[True, False, False, False, True]]])
    filled = Nearest().complete(row, mask)[0, 0, 0].tolist()
    assert filled[:2] == pytest.approx([0.1, 0.1])
    assert filled[3:] == pytest.approx([0.5, 0.5])
    assert filled[2] in (pytest.approx(0.1), pytest.approx(0.5))


@on_both
def test_samples_are_the_images_that_were_given(image):
    others = torch.rand(2, *image.shape, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Sample(others).fill(image), others)
    assert torch.equal(Sample(others.numpy()).fill(image), others)
    assert Sample(others).fills == 2


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (3, 24, 20), (0, 3, 24, 20)])
def test_samples_of_another_shape_are_refused_with_both_shapes(shape):
    with pytest.raises(BadOption, match=r"\(3, 24, 20\)"):
        Sample(torch.zeros(shape)).fill(IMAGE)


def test_dropped_tokens_have_no_pixels():
    with pytest.raises(BadOption, match="no pixels"):
        Dropped().fill(IMAGE)


def test_digests_tell_fills_apart():
    fills = [Colour(0.1), Colour(0.2), Mean(), Blur(0.1), Blur(0.2), Noise(4, 0), Noise(4, 1), Noise(2, 0)]
    fills += [Sample(torch.zeros(1, 3, 4, 4)), Sample(torch.ones(1, 3, 4, 4)), Inpaint(), Nearest(), Dropped()]
    fills += [Linear(), Linear(0.0), Linear(0.01, 1)]
    assert len({fill.digest for fill in fills}) == len(fills)


def test_fills_keep_the_type_and_do_not_touch_the_image():
    image = IMAGE.double()
    before = image.clone()
    for baseline in (Colour("grey"), Mean(), Blur(), Noise(), Inpaint(), Linear(), Nearest()):
        assert baseline.fill(image).dtype == torch.float64
        assert torch.equal(image, before)


@pytest.mark.parametrize("fill", [*FILLS_IN_TIME, Linear(), Inpaint(), Nearest()], ids=lambda fill: type(fill).__name__)
def test_what_is_kept_stays_as_it_is_unless_the_fill_says_that_it_moves(fill):
    mask = torch.rand(2, *CLIP.shape[1:], generator=torch.Generator().manual_seed(0)) > 0.3
    if isinstance(fill, seewhy.Resampled):
        mask = (torch.arange(5) < 3)[None, :, None, None].expand_as(mask)
    clip = torch.rand(CLIP.shape, generator=torch.Generator().manual_seed(1))
    shown = fill.shown(clip, mask)
    same = bool((shown == clip)[mask[:, None].expand_as(shown)].all())
    assert same is not fill.moves
