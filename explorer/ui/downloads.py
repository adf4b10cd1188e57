"""Files that are made at the click of a link.

Streamlit's own button forgets its file when the page runs, and with it a click in the middle of such a run. A link to a
route of ours stays what it is. It opens in a tab of its own: where the file is made, the browser takes it and closes
that tab; where it cannot be, the tab says why, and the page that was left is still there. Of each kind one file is made
at a time: impatient clicks do not take the threads that serve the pages.
"""

from asyncio import Lock
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from html import escape
from secrets import token_hex
from threading import Lock as ThreadLock
from typing import Literal
from urllib.parse import quote
from weakref import WeakValueDictionary

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from explorer.errors import ExplorerError, MissingDataError, StoreError
from explorer.ui.addresses import file_address
from explorer.ui.tokens import PREFIX, check_token

MADE = "made"  # what the addresses of files begin with that a page makes
FORBIDDEN, NOT_FOUND, AWAY = 403, 404, 503
OFFERS, NAMED = "downloads:offers", "downloads:session"  # in the session
EXPIRED = "This link has expired. Reload the page that it stands on, and press it again."
GUARDS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
INSTEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    "<title>No file</title><style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; "
    "padding: 0 1.5rem; overflow-wrap: anywhere }}</style></head><body><p><b>The file could not be made.</b></p>"
    "<p>{sentence}</p><p>The page that you came from is still open; this tab can be closed.</p></body></html>"
)


@dataclass(frozen=True, eq=False)
class _Offer:
    make: Callable[[], bytes]
    name: str
    mime: str


_offers: WeakValueDictionary[tuple[str, str], _Offer] = WeakValueDictionary()  # each goes with its session
_offering = ThreadLock()
_turns: defaultdict[str, Lock] = defaultdict(Lock)  # one a kind of file
_Make = Callable[[Request], Response]


def offer(  # noqa: PLR0913 - all but the first two are named
    title: str,
    make: Callable[[], bytes],
    *,
    name: str,
    mime: str,
    key: str,
    icon: str | None = None,
    kind: Literal["secondary", "tertiary"] = "secondary",
    disabled: bool = False,
    help: str | None = None,  # noqa: A002 - as Streamlit calls it
) -> None:
    """A link that gives a file; nothing is made before it is pressed, and then what the page showed last.

    Args:
        title: what stands on it.
        make: the file's content; may raise ExplorerError, whose sentence is then shown.
        name, mime: of the file.
        key: of the link in the session.
        icon, kind, disabled, help: as of Streamlit's buttons.
    """
    kept: dict[str, _Offer] = st.session_state.setdefault(OFFERS, {})
    place = str(st.session_state.setdefault(NAMED, token_hex(8))), key
    with _offering:
        kept.pop(key, None)
        if not disabled:  # a browser can open such a link all the same
            kept[key] = _offers[place] = _Offer(make, name, mime)
    st.link_button(title, file_address(MADE, *place), key=key, icon=icon, type=kind, disabled=disabled, help=help)


def answering(beginning: str) -> Callable[[_Make], Callable[[Request], Awaitable[Response]]]:
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
                async with _turns[beginning]:
                    if await request.is_disconnected():  # its tab was closed while it waited
                        return Response()
                    return await run_in_threadpool(make, request)
            except StoreError as error:
                return _instead(str(error), AWAY)
            except ExplorerError as error:
                return _instead(str(error), NOT_FOUND)

        return route

    return routed


@answering(MADE)
def made(request: Request) -> Response:
    """What a page offered last under this link."""
    with _offering:
        found = _offers.get((request.path_params["session"], request.path_params["key"]))
    if found is None:
        raise MissingDataError(EXPIRED)
    return Response(found.make(), media_type=found.mime, headers=kept_as(found.name))


def kept_as(name: str) -> dict[str, str]:
    """Headers of a file that the browser keeps under this name, whichever letters it has."""
    # Compressing all of a large file would take longer than sending it from this machine.
    return GUARDS | {
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
        "Content-Encoding": "identity",
    }


def _instead(sentence: str, status: int) -> Response:
    return HTMLResponse(INSTEAD.format(sentence=escape(sentence)), status, GUARDS | POLICY)


ROUTES = [Route(f"/{PREFIX}/{MADE}/{{session}}/{{key}}", made)]
