"""The desks of labeling sessions, one a session in this server, shared by all who label at it."""

from threading import Lock

from explorer.errors import StoreError
from explorer.labeling.records import Session
from explorer.labeling.store import LabelStore, open_store
from explorer.ui.state import settings
from explorer.workflows.desk import Desk

_lock = Lock()
_stores: dict[tuple[str, str], LabelStore] = {}
_desks: dict[tuple[str, str, str], Desk] = {}


def store() -> LabelStore:
    """The installation's store of labels, opened once.

    Raises:
        StoreError: it cannot be opened.
    """
    with _lock:
        if (place := _place()) not in _stores:
            _stores[place] = open_store(settings())
        return _stores[place]


def desk(name: str) -> Desk:
    """The desk of the session of this name; one that is open stays while the store is away.

    Raises:
        BadValueError: there is none.
        StoreError: the store cannot be read, and the session was not open.
    """
    key = (*_place(), name)
    try:
        found = store()
        session = found.session(name)
    except StoreError:
        if key in _desks:
            return _desks[key]
        raise
    with _lock:
        if key not in _desks or _desks[key].session != session:  # a store that was restored may have another
            _desks[key] = Desk(found, session, settings())
        return _desks[key]


def sessions() -> list[Session]:
    """Every session, the newest first; raises as `store`."""
    return store().sessions()


def _place() -> tuple[str, str]:
    """Tells this installation's store from another's, as tests have them one after the other."""
    return str(settings().data_root), settings().database_url.get_secret_value()
