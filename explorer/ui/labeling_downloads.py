"""Routes that make files at the click of a link: the labels of a session, and a backup of all sessions.

A link opens in a tab of its own. Where the file is made, the browser takes it and closes that tab; where it cannot be,
the tab says why, and the page that was left is still there. One file is made at a time, on the disk, and sent from
there: impatient clicks cost neither memory nor the threads that serve the pages.
"""

import os
from asyncio import Lock
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import wraps
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from explorer.errors import ExplorerError, StoreError
from explorer.registry import lookup
from explorer.ui.tokens import PREFIX, check_token

LABELS, BACKUP = "labels", "backup"  # what their addresses begin with
FORBIDDEN, NOT_FOUND, AWAY = 403, 404, 503
PART = 1 << 20  # bytes at a time
EXPIRED = "This link has expired. Reload the page that it stands on, and press it again."
GUARDS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
INSTEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    "<title>No file</title><style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; "
    "padding: 0 1.5rem; overflow-wrap: anywhere }}</style></head><body><p><b>The file could not be made.</b></p>"
    "<p>{sentence}</p><p>The page that you came from is still open; this tab can be closed.</p></body></html>"
)

_Make = Callable[[Request], Response]
_turn = Lock()  # whose loop is the server's


def _file(beginning: str) -> Callable[[_Make], Callable[[Request], Awaitable[Response]]]:
    """The route that answers with a file once it is its turn; what cannot be had is told in one sentence.

    Args:
        beginning: of its path.
    """

    def routed(make: _Make) -> Callable[[Request], Awaitable[Response]]:
        @wraps(make)
        async def route(request: Request) -> Response:
            path = "/".join([beginning, *request.path_params.values()])
            if not check_token(request.query_params.get("token", ""), path):
                return _instead(EXPIRED, FORBIDDEN)
            try:
                async with _turn:
                    if await request.is_disconnected():  # its tab was closed while it waited
                        return Response()
                    return await run_in_threadpool(make, request)
            except StoreError as error:
                return _instead(str(error), AWAY)
            except ExplorerError as error:
                return _instead(str(error), NOT_FOUND)

        return route

    return routed


@_file(LABELS)
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


@_file(BACKUP)
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
    headers = _kept_as(name) | {"Content-Length": str(size)}
    return StreamingResponse(_parts(file), media_type=mime, headers=headers)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(PART):
            yield part


def _kept_as(name: str) -> dict[str, str]:
    """Headers of a file that the browser keeps under this name, whichever letters it has."""
    # Compressing all of a large file would take longer than sending it from this machine.
    return GUARDS | {
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
        "Content-Encoding": "identity",
    }


def _instead(sentence: str, status: int) -> Response:
    return HTMLResponse(INSTEAD.format(sentence=escape(sentence)), status, GUARDS | POLICY)


ROUTES = [Route(f"/{PREFIX}/{LABELS}/{{session}}/{{kind}}", labels), Route(f"/{PREFIX}/{BACKUP}", backup)]
