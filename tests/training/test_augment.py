import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch import Tensor

from explorer.training.augment import AugmentConfig, augment

STILL = AugmentConfig(
    rotation=0, perspective=0, shift=0, scale=0, shear=0, jitter=0, erase=0, erase_share=0, mirror=False
)
VARIED = AugmentConfig()


def changed(**strengths: float) -> AugmentConfig:
    return STILL.model_copy(update=strengths)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def copies(image: Tensor, n: int) -> Tensor:
    return image.expand(n, *image.shape).clone()


def blobs(side: int = 48) -> Tensor:
    """A large bright and a small dim spot, both within the circle that rotation keeps in the picture."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    picture = np.exp(-((x - 7) ** 2 + (y - 2) ** 2) / 12) + 0.5 * np.exp(-((x + 3) ** 2 + (y + 6) ** 2) / 8)
    return torch.from_numpy((picture / picture.max()).astype(np.float32))[None]


def centre_of_mass(picture: np.ndarray) -> np.ndarray:
    """(x, y) from the middle of the picture."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]] - (picture.shape[0] - 1) / 2
    return np.array([(x * picture).sum(), (y * picture).sum()]) / picture.sum()


def test_every_image_has_its_own_parameters():
    image = torch.rand(1, 32, 32, generator=seeded(5))
    varied = augment(copies(image, 256), VARIED, seeded())
    assert len({part.numpy().tobytes() for part in varied}) == 256


@pytest.mark.parametrize("setting", ["rotation", "perspective", "shift", "scale", "shear", "jitter"])
def test_each_setting_alone_varies_every_image(setting):
    config = changed(**{setting: getattr(VARIED, setting)})
    varied = augment(copies(torch.rand(1, 32, 32, generator=seeded(5)), 64), config, seeded())
    assert len({part.numpy().tobytes() for part in varied}) == 64


@given(
    seed=st.integers(0, 2**31),
    strengths=st.fixed_dictionaries(
        {
            "rotation": st.floats(0, 180),
            "perspective": st.floats(0, 0.45),
            "shift": st.floats(0, 1),
            "scale": st.floats(0, 0.9),
            "shear": st.floats(0, 45),
            "jitter": st.floats(0, 1),
            "erase": st.floats(0, 1),
            "erase_share": st.floats(0, 1),
            "mirror": st.booleans(),
        }
    ),
)
@settings(max_examples=60)
def test_any_strength_keeps_shape_and_range(seed, strengths):
    x = torch.rand(6, 3, 17, 20, generator=seeded(seed))
    varied = augment(x, AugmentConfig(**strengths), seeded(seed))
    assert varied.shape == x.shape
    assert varied.dtype == x.dtype
    assert 0 <= varied.min() <= varied.max() <= 1  # false for NaN, too


def test_same_generator_seed_gives_same_images_and_another_seed_others():
    x = torch.rand(16, 1, 32, 32, generator=seeded(5))
    assert torch.equal(augment(x, VARIED, seeded(1)), augment(x, VARIED, seeded(1)))
    assert not torch.equal(augment(x, VARIED, seeded(1)), augment(x, VARIED, seeded(2)))


def test_strength_zero_without_mirroring_changes_nothing():
    x = torch.rand(8, 3, 28, 31, generator=seeded(5))
    torch.testing.assert_close(augment(x, STILL, seeded()), x, atol=2e-5, rtol=0)


def test_the_given_images_are_left_alone():
    x = torch.rand(8, 1, 32, 32, generator=seeded(5))
    before = x.clone()
    augment(x, VARIED, seeded())
    assert torch.equal(x, before)


def test_rotation_is_a_rotation_about_the_middle_by_no_more_than_the_limit():
    limit = 40
    image = blobs()
    original = centre_of_mass(image[0].numpy())
    angles = []
    for turned in augment(copies(image, 64), changed(rotation=limit), seeded()):
        moved = centre_of_mass(turned[0].numpy())
        angle = np.degrees(np.arctan2(original[1], original[0]) - np.arctan2(moved[1], moved[0]))
        angles.append((angle + 180) % 360 - 180)
        expected = ndimage.rotate(image[0].numpy(), angles[-1], reshape=False, order=1, mode="reflect")
        np.testing.assert_allclose(turned[0].numpy(), expected, atol=0.03)
    assert max(np.abs(angles)) < limit + 0.5
    assert min(angles) < -limit / 2
    assert max(angles) > limit / 2
    assert np.mean(np.abs(angles)) == pytest.approx(limit / 2, rel=0.25)


def test_mirroring_shows_all_four_ways_about_equally_often():
    image = torch.rand(1, 16, 16, generator=seeded(5))
    ways = {"as it is": image, "across": image.flip(2), "upside down": image.flip(1), "both": image.flip(1, 2)}
    varied = augment(copies(image, 400), changed(mirror=True), seeded())
    counts = {name: int(((varied - way).abs().amax(dim=(1, 2, 3)) < 1e-4).sum()) for name, way in ways.items()}
    assert sum(counts.values()) == 400
    assert min(counts.values()) > 60


def test_shift_moves_by_no_more_than_its_share_of_the_side():
    image = blobs()
    original = centre_of_mass(image[0].numpy())
    moved = np.array([centre_of_mass(m[0].numpy()) for m in augment(copies(image, 64), changed(shift=0.1), seeded())])
    steps = np.abs(moved - original)
    assert steps.max() < 0.1 * 48 + 0.3
    assert (steps.max(axis=0) > 0.08 * 48).all()


def erased_areas(config: AugmentConfig, n: int = 200) -> np.ndarray:
    """Share of pixels that changed in each of n images of noise."""
    x = torch.rand(n, 1, 64, 64, generator=seeded(5))
    return ((augment(x, config, seeded()) - x).abs() > 1e-4).float().mean(dim=(1, 2, 3)).numpy()


@pytest.mark.parametrize("area", [0.1, 0.3, 0.6, 1.0])
def test_erasing_erases_the_area_asked_for_whatever_the_rectangle(area):
    np.testing.assert_allclose(erased_areas(changed(erase=area, erase_share=1)), area, atol=0.03)


def test_erasing_takes_the_share_of_images_asked_for():
    erased = (erased_areas(changed(erase=0.3, erase_share=0.25), n=1000) > 0).mean()
    assert erased == pytest.approx(0.25, abs=0.05)


def test_an_erased_rectangle_is_one_grey_and_lies_within_the_image():
    x = torch.rand(20, 1, 64, 64, generator=seeded(5))
    varied = augment(x, changed(erase=0.3, erase_share=1), seeded())
    for before, after in zip(x[:, 0], varied[:, 0], strict=True):
        rows, columns = torch.nonzero((after - before).abs() > 1e-4, as_tuple=True)
        box = after[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert box.max() - box.min() < 1e-6
        assert box.numel() == pytest.approx(0.3 * 64 * 64, rel=0.1)


def test_jitter_changes_brightness_by_no_more_than_its_limit():
    grey = torch.full((200, 1, 8, 8), 0.5)
    means = augment(grey, changed(jitter=0.2), seeded()).mean(dim=(1, 2, 3))
    assert 0.4 - 1e-5 <= means.min() < 0.42
    assert 0.58 < means.max() <= 0.6 + 1e-5
