"""What a person can look for, brought to a latent: an item by its id, an uploaded file, a drawing, a text.

Nothing of it is kept. A place on the map is a query too: see `explorer.workflows.search`.
"""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.centring import BOX, SIDE, as_digit
from explorer.data.dataset import UNLABELLED
from explorer.data.fitting import Fit
from explorer.data.own import read_record
from explorer.data.uploads import uploaded_ink, uploaded_item
from explorer.errors import BadDataError, BadRunError, BadValueError, ExplorerError
from explorer.latent.spaces import onto
from explorer.retrieval.text_query import parse_query
from explorer.settings import Settings
from explorer.workflows.ends import class_centres
from explorer.workflows.maps import LatentMap
from explorer.workflows.runs import Items
from explorer.workflows.ways import Vectors
from explorer.zoo.card import Card
from explorer.zoo.run import Run

Item = NDArray[np.uint8] | NDArray[np.float32]
DIGITS = {"mnist": (SIDE, BOX), "coloured": (SIDE, BOX), "digits": (8, 8)}  # side and box: see `as_digit`
FITS: dict[Fit, str] = {"crop": "cut to its middle", "pad": "padded with black", "stretch": "stretched"}
USUAL = 99  # per cent of the run's own test items are given back at least so well
FORMED = "white on black, centred and of one size, as the run's digits are"


@dataclass(frozen=True, eq=False)
class Given:
    """A query that a person gave.

    Args:
        z: its latent, shape (d,).
        std: deviations of its posterior, shape (d,); None where there is none.
        image: the item as the network sees it; None for a text, which has none, or where images are not at hand.
        words: what it is and what became of it, for a person.
        label: its class, where it is known.
        doubt: why the run may not know what to make of it; empty where nothing speaks for that.
    """

    z: NDArray[np.float32]
    std: NDArray[np.float32] | None
    image: Item | None
    words: str
    label: int | None = None
    doubt: str = ""

    @property
    def vectors(self) -> Vectors:
        """What is compared of it."""
        return Vectors.of(self.z[None]) if self.std is None else Vectors(self.z[None], self.std[None])


def of_item(run: Run, items: Items | None, item: int) -> Given:
    """An item of the run's data whose latent was not kept: it is encoded.

    Args:
        run: the run.
        items: its images; None where they are not at hand.
        item: its id.

    Raises:
        BadValueError: no such item.
        BadRunError: weights that are missing or altered.
    """
    try:
        at = None if items is None else int(items.rows(np.array([item]))[0])
    except BadRunError:
        at = None
    if at is None or items is None:
        raise BadValueError(f"The run {run.card.name} has no item {item}; give the id of one, as the map tells it.")
    words = f"item {item}, whose latent the run does not keep: encoded now"
    return _encoded(run, items.dataset.items[at], words, _known(int(items.dataset.labels[at])))


def of_upload(run: Run, content: bytes, settings: Settings, *, digit: bool | None = None) -> Given:
    """An uploaded file, kept nowhere: a picture of any size and mode, or a row of numbers for a run on vectors.

    Args:
        run: the run.
        content: the file.
        settings: of the installation; an import says there how its pictures were fitted.
        digit: whether it is brought to the form of the run's digits; None: where the run was trained on any.

    Raises:
        BadDataError: a file that gives no item, and why.
        BadRunError: weights that are missing or altered.
    """
    shape, form = run.card.shape, form_of_digits(run.card)
    if len(shape) == 1:
        return _encoded(run, uploaded_item(content, shape, max_pixels=1), f"Uploaded vector of {shape[0]:,} numbers")
    if form is not None and digit is not False:
        ink = uploaded_ink(content, max_pixels=settings.max_image_pixels)
        return _encoded(run, _of_ink(as_digit(ink, side=form[0], box=form[1]), shape), f"Uploaded digit: {FORMED}")
    fit = _fit(run.card, settings)
    image = uploaded_item(content, shape, max_pixels=settings.max_image_pixels, fit=fit)
    return _encoded(run, image, f"Uploaded picture: {FITS[fit]}, {_size(shape)}")


def of_drawing(run: Run, ink: NDArray[np.uint8]) -> Given:
    """A digit that was drawn, white on black.

    Args:
        run: trained on digits.
        ink: grey values, shape (side, side).

    Raises:
        BadValueError: a run on other items.
        BadDataError: an empty drawing.
        BadRunError: weights that are missing or altered.
    """
    form = form_of_digits(run.card)
    if form is None:
        raise BadValueError(f"{run.card.name} was not trained on digits, so a drawing does not fit; upload a picture.")
    if not ink.any():
        raise BadDataError("Nothing is drawn yet; draw something, then search for it.")
    drawn = as_digit(ink, side=form[0], box=form[1], dark_on_light=False)
    return _encoded(run, _of_ink(drawn, run.card.shape), f"Drawn digit: {FORMED}")


def of_text(run: Run, space: LatentMap, text: str) -> Given:
    """A place between the class centres: the configured ones or, of a run without, the means of its training latents.

    In a space beyond Euclid's, the point of the space that is nearest to that place.

    Args:
        run: the run.
        space: a map of it.
        text: see `parse_query`.

    Raises:
        BadValueError: a run without classes, a word that means nothing here, or a class without training items.
    """
    classes = run.card.classes
    if not classes:
        raise BadValueError("A text names classes, and this run has none; search by an item or a picture.")
    weights = parse_query(text, classes).weights
    centres = class_centres(space, len(classes))
    asked = np.flatnonzero(weights)
    if missing := [classes[row] for row in asked if np.isnan(centres[row]).any()]:
        raise BadValueError(f"No training item of this run is known to be {missing[0]!r}; ask for another class.")
    place = onto(space.geometry, (weights[asked] @ centres[asked])[None])[0]
    shares = ", ".join(f"{weights[row]:.0%} of {classes[row]}" for row in asked)
    what = "mean training latents" if space.targets is None else "configured class centres"
    words = f"Between the {what}: {shares}" if len(asked) > 1 else f"Of the {what}, that of {classes[asked[0]]}"
    label = int(asked[0]) if len(asked) == 1 else None
    return Given(place.astype(np.float32), None, None, words, label)


def form_of_digits(card: Card) -> tuple[int, int] | None:
    """Side and box of the run's digits (see `as_digit`); None for a run on other items."""
    form = DIGITS.get(card.data.name)
    return form if form is not None and card.shape[1:] == (form[0], form[0]) else None


def _encoded(run: Run, item: Item, words: str, label: int | None = None) -> Given:
    """What a run makes of one item."""
    mean, std = run.posterior(item[None])
    if not np.isfinite(mean).all():
        raise BadDataError("The network makes no finite latent of this; search by something else.")
    return Given(mean[0], std[0] if std.shape[1] else None, item, words, label, _doubt(run, item, mean))


def _doubt(run: Run, item: Item, z: NDArray[np.float32]) -> str:
    """Whether the decoder gives an item back worse than nearly all of the run's own test items: in words, or empty.

    A latent alone tells little: an encoder places anything among what it knows.
    """
    own = run.latents("test").error
    if not own.shape[1] or not len(own):
        return ""
    error, usual = float(np.sqrt(run.reconstruction_error(item[None], z)[0])), float(np.percentile(own, USUAL))
    if error <= usual:
        return ""
    return (
        f"This is unlike the data of the run: decoded again it is off by {error:.3g} (RMSE), and {USUAL} % of the test "
        f"items by at most {usual:.3g}. Its hits may mean little."
    )


def _of_ink(ink: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The item of grey values: the same in each channel."""
    return np.repeat(ink[None], shape[0], axis=0)


def _fit(card: Card, settings: Settings) -> Fit:
    """How the pictures that a run was trained on were fitted, where that was asked for."""
    with suppress(ExplorerError):
        asked = read_record(str(card.data.settings.get("name", "")), settings.data_root).asked.get("fit")
        return next((fit for fit in FITS if fit == asked), "crop")
    return "crop"


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[2]} x {shape[1]} pixels, {'grey' if shape[0] == 1 else 'in colour'}"


def _known(label: int) -> int | None:
    return None if label == UNLABELLED else label
