import numpy as np
import pytest
from scipy import ndimage

from explorer.data.handwriting import slant, stroke_width, style_labels


def bar(width: int, lean: float = 0.0) -> np.ndarray:
    """An upright bar, sheared to the right by `lean` pixels a row upwards."""
    rows, columns = np.mgrid[:41, :41]
    across = columns - 20 + lean * (rows - 20)
    return (255 * np.clip(width / 2 + 0.5 - np.abs(across), 0, 1) * (np.abs(rows - 20) <= 15)).astype(np.uint8)


@pytest.mark.parametrize("lean", [0.0, 0.3, -0.5])
def test_slant_of_a_sheared_bar_is_its_angle(lean):
    assert slant(bar(4, lean)[None])[0] == pytest.approx(np.degrees(np.arctan(lean)), abs=1)


@pytest.mark.parametrize("width", [2, 4, 6])
def test_width_of_a_long_bar_is_nearly_its_width(width):
    assert stroke_width(bar(width)[None])[0] == pytest.approx(width * 31 / (31 + width), rel=0.05)


def test_thicker_digits_are_thicker_and_image_without_ink_is_nothing():
    thin = bar(2)
    thick = ndimage.grey_dilation(thin, 3)
    found = stroke_width(np.stack([thin, thick, np.zeros_like(thin)]))
    assert found[0] < found[1]
    assert found[2] == slant(np.zeros((1, 8, 8), np.uint8))[0] == 0


def test_parts_change_nothing(monkeypatch):
    images = np.stack([bar(2, lean) for lean in np.linspace(-1, 1, 7)])
    whole = slant(images)
    monkeypatch.setattr("explorer.data.handwriting.IMAGES_AT_ONCE", 2)
    assert slant(images).tolist() == whole.tolist()
    assert slant(images[:0]).shape == (0,)


def test_fine_labels_cut_each_class_into_bins_of_equal_counts():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 2, -1], 90)
    slants, widths = rng.normal(size=(2, 270)) * np.where(labels == 2, 50, 1)
    fine = style_labels(labels, slants, widths)
    assert (fine[labels == -1] == -1).all()
    assert (fine[labels >= 0] // 9 == labels[labels >= 0]).all()
    for label in (0, 2):
        own = fine[labels == label] % 9
        assert np.bincount(own // 3).tolist() == np.bincount(own % 3).tolist() == [30, 30, 30]
        leaning = slants[labels == label]
        assert leaning[own // 3 == 0].max() <= leaning[own // 3 == 1].min()
