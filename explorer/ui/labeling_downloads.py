"""Routes that give the labels of a session as a file, and a backup of all sessions.

They may be large: they are made on the disk, and sent from there.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from explorer.errors import StoreError
from explorer.registry import lookup
from explorer.ui.downloads import answering, kept_as
from explorer.ui.tokens import PREFIX

LABELS, BACKUP = "labels", "backup"  # what their addresses begin with
PART = 1 << 20  # bytes at a time


@answering(LABELS)
def labels(request: Request) -> Response:
    """The labels of a session as a file of one kind, as they stand now."""
    from explorer.labeling.exporting import write_labels
    from explorer.ui import desks
    from explorer.workflows.label_files import FILE_KINDS

    store, kind = desks.store(), request.path_params["kind"]
    session, known = store.session(request.path_params["session"]), lookup(FILE_KINDS, kind, "kind of file")

    def make(path: Path) -> None:
        with open(path, "wb") as file:
            write_labels(store, session, kind, file)

    name = session.plan.name
    elsewhere = f"Make room there, or choose another place: latent-explorer label export {name} --kind {kind} --to FILE"
    return _sent(_made(make, elsewhere), known.mime, f"{name}.{known.ending}")


@answering(BACKUP)
def backup(_: Request) -> Response:
    """All sessions as they stand now, as `latent-explorer label restore` takes them."""
    from explorer.labeling.backup import ELSEWHERE, back_up
    from explorer.ui import desks

    store = desks.store()
    ending = "sqlite" if store.database.engine.dialect.name == "sqlite" else "jsonl"
    file = _made(lambda path: back_up(store, path), ELSEWHERE)
    return _sent(file, "application/octet-stream", f"labels-{datetime.now(UTC):%Y-%m-%d}.{ending}")


def _made(make: Callable[[Path], None], elsewhere: str) -> BinaryIO:
    """A file to read; it has lost its name by then, and goes when nobody reads it.

    Args:
        make: writes it.
        elsewhere: what to do where the disk is full.
    """
    try:
        with TemporaryDirectory(prefix="labels-") as folder:
            path = Path(folder, "labels")
            make(path)
            return open(path, "rb")  # noqa: SIM115 - closed by who reads it
    except OSError as error:
        raise StoreError(f"No temporary file could be written: {error.strerror or error}. {elsewhere}") from error


def _sent(file: BinaryIO, mime: str, name: str) -> Response:
    size = os.fstat(file.fileno()).st_size
    headers = kept_as(name) | {"Content-Length": str(size)}
    return StreamingResponse(_parts(file), media_type=mime, headers=headers)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(PART):
            yield part


ROUTES = [Route(f"/{PREFIX}/{LABELS}/{{session}}/{{kind}}", labels), Route(f"/{PREFIX}/{BACKUP}", backup)]
