"""The views of a labeling session by themselves, on a shipped run."""

from pathlib import Path

import pytest

from explorer.errors import StoreError
from explorer.labeling.records import Plan, Press
from explorer.labeling.schema import Kind
from explorer.labeling.store import LabelStore, open_store
from explorer.ui.state import open_for_page, settings
from explorer.workflows.desk import Desk
from explorer.workflows.labels import begin
from explorer.workflows.runs import open_run
from tests.labeling.databases import label

RUN = "digits-weight-50"


def ids() -> list[int]:
    """Items that can be labelled, in the run's order."""
    found: list[int] = open_run(RUN).latents("train").ids.tolist()
    return found


def begun(home: Path, patch: pytest.MonkeyPatch) -> LabelStore:
    """A store with one session: Ann labels three items and flags the last, Bob differs on the second; Ann skips one."""
    patch.setenv("LATENT_EXPLORER_DATABASE_URL", f"sqlite:///{home}/labels.sqlite")
    settings.cache_clear()
    store = open_store(settings())
    open_for_page(RUN).items  # noqa: B018 - made now, a page waits for nothing
    session, items = begin(store, open_run(RUN), "Ann", Plan("first", "", RUN)), ids()
    store.record(session, "Ann", [label("a", items[0], 0), label("b", items[1], 0), label("c", items[2], 2)])
    store.record(session, "Ann", [Press(Kind.FLAG, "f", (items[2],)), Press(Kind.SKIP, "s", (items[3],))])
    store.record(session, "Bob", [label("a", items[1], 1)])
    return store


def desk(store: LabelStore) -> Desk:
    """A desk of the session."""
    return Desk(store, store.session("first"), settings())


def away(*_: object) -> None:
    """In place of what asks the store: it is away."""
    raise StoreError("It is away.")


def review() -> None:
    from explorer.labeling.store import open_store
    from explorer.ui import gallery, labeling_review
    from explorer.ui.state import open_for_page, settings
    from explorer.workflows.desk import Desk
    from tests.pages.label_views import RUN

    gallery.style()
    store = open_store(settings())
    with gallery.telling():
        labeling_review.show(Desk(store, store.session("first"), settings()), open_for_page(RUN), "Ann")


def files() -> None:
    from explorer.labeling.store import open_store
    from explorer.ui import gallery, labeling_files
    from explorer.ui.state import open_for_page, settings
    from explorer.workflows.desk import Desk
    from tests.pages.label_views import RUN

    gallery.style()
    store = open_store(settings())
    with gallery.telling():
        labeling_files.show(Desk(store, store.session("first"), settings()), open_for_page(RUN), "Ann")


def progress() -> None:
    from explorer.labeling.store import open_store
    from explorer.ui import gallery, labeling_progress
    from explorer.ui.state import settings
    from explorer.workflows.desk import Desk

    gallery.style()
    store = open_store(settings())
    labeling_progress.show(Desk(store, store.session("first"), settings()), "Ann")
