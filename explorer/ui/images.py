"""The images of an open run: read or made once a process, never downloaded."""

from collections.abc import Callable
from functools import cached_property
from threading import Lock
from time import monotonic

from explorer.data import DATASETS
from explorer.errors import ExplorerError, MissingDataError
from explorer.figures import VectorScale, vector_scale
from explorer.workflows.runs import Items
from explorer.zoo.card import Card

VECTORS_LOOKED_AT = 1000
REMEMBERED = 2.0  # seconds that an answer holds which a whole table was read for: a page asks several times a rerun


class Images:
    """The items behind a run's latents, shared by all sessions.

    Args:
        card: of the run.
        load: opens its items; they may have to be made, but are not downloaded.
    """

    def __init__(self, card: Card, load: Callable[[], Items]) -> None:
        self._card, self._load = card, load
        self._lock = Lock()  # of its own: who waits for images that are being made must not hold up another's map
        self._items: Items | None = None
        self._refused: ExplorerError | None = None
        self._holds_until = 0.0

    @property
    def are_here(self) -> bool:
        """Whether they are at hand, so that `items` answers at once."""
        return self._items is not None

    @property
    def items(self) -> Items:
        """The items; the first time they may have to be made.

        Raises:
            MissingDataError: they are not on this machine.
            ExplorerError: they cannot be used.
        """
        with self._lock:
            if self._items is None:
                try:
                    self._items = self._load()
                except ExplorerError as error:
                    self._refused = error
                    raise
            return self._items

    @property
    def refusal(self) -> ExplorerError | None:
        """Why they cannot be shown; None where they are at hand, or still have to be made here.

        It answers at once. Whether missing images have come costs little, so it is looked for each time: a download is
        seen when it ends. Why those that are there cannot be used is looked for again after seconds.
        """
        if self._items is not None:
            return None
        source = DATASETS.get(self._card.data.name)
        if source is not None and source.is_made:
            return self._refused
        if self._refused is not None and monotonic() < self._holds_until:
            return self._refused
        try:
            self.items  # noqa: B018 - it loads them
        except MissingDataError as error:
            return error
        except ExplorerError as error:
            self._holds_until = monotonic() + REMEMBERED
            return error
        return None

    @property
    def kind(self) -> str:
        """What an item is to a person."""
        scale = self.scale
        return "Image" if scale is None else "Values" if scale.faces is None else "Body"

    @property
    def scale(self) -> VectorScale | None:
        """The scale that pictures of vectors share; None for images, and while there are no items."""
        return None if len(self._card.shape) > 1 or self.refusal else self._scale

    @cached_property
    def _scale(self) -> VectorScale:
        vectors, source = self.items.dataset.items, DATASETS.get(self._card.data.name)
        faces = source.faces() if source and source.faces else None
        return vector_scale(vectors[:: len(vectors) // VECTORS_LOOKED_AT + 1], faces)
