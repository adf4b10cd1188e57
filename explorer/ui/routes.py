"""Routes beside Streamlit's own: a map's points, colours and layers, once; images, on hover and zoomed in.

They are not covered by Streamlit's session, so each asks for the session's token; the components'
programs alone are for anyone. What a page needs is imported while the browser still fetches the page, not
before the server answers.
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import wraps
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from explorer.errors import BadValueError, ExplorerError, UnknownNameError
from explorer.ui import downloads, labeling_downloads
from explorer.ui.tokens import PREFIX, check_token

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from explorer.ui.state import OpenRun
    from explorer.workflows.maps import LatentMap
    from explorer.workflows.regions import View

KEEP = {"Cache-Control": "private, max-age=43200, immutable"}
KEEP_FOR_ALL = {"Cache-Control": "public, max-age=31536000, immutable"}
FORGET = {"Cache-Control": "no-store"}
# Coordinates barely shrink, and compressing a million of them takes longer than sending them.
AS_IS = {"Content-Encoding": "identity"}
BYTES = "application/octet-stream"
BAD_QUERY, FORBIDDEN, NOT_FOUND = 400, 403, 404
EXPIRED = "This page's access has expired: reload the page."
MOST_TILES, SMALLEST_SIDE, LARGEST_SIDE = 64, 16, 96  # a request; side in pixels


def _of_a_map(answer: "Callable[[Request, OpenRun, LatentMap], Response]") -> Callable[[Request], Response]:
    """The route that answers so about one of a run's maps; what cannot be had is told in one sentence."""

    @wraps(answer)
    def route(request: Request) -> Response:
        if not check_token(request.query_params.get("token", "")):
            return _refusal(EXPIRED, FORBIDDEN)
        try:
            opened, space = _on_a_map(request)
        except ExplorerError as error:
            return _refusal(str(error), NOT_FOUND)
        try:
            return answer(request, opened, space)
        except ExplorerError as error:
            return _refusal(str(error), BAD_QUERY if isinstance(error, BadValueError) else NOT_FOUND)

    return route


def _on_a_map(request: Request) -> "tuple[OpenRun, LatentMap]":
    """The run and which of its maps the address names."""
    from explorer.ui.state import open_for_page

    opened, name = open_for_page(request.path_params["run"]), request.query_params.get("map", "pca")
    space = opened.on(name)
    if space is None:
        raise UnknownNameError(f"The map {name} of {opened.name} has not been computed.")
    return opened, space


def _refusal(sentence: str, status: int) -> Response:
    return PlainTextResponse(sentence, status, FORGET)  # it may be there the next time


def program(request: Request) -> Response:
    """A component's program: text that is the same for everyone, so it needs no token."""
    from explorer.ui.questions.program import QUESTIONS
    from explorer.ui.scatter.program import SCATTER

    for one in (SCATTER, QUESTIONS):
        if request.path_params["name"] == one.file_name:
            return Response(one.module, media_type="text/javascript", headers=KEEP_FOR_ALL)
    return _refusal("The server has another version of this page: reload it.", NOT_FOUND)


@_of_a_map
def points(_: Request, opened: "OpenRun", space: "LatentMap") -> Response:
    """The points of one of a run's maps: n pairs of float32, then class, confidence and split, a byte each."""
    # The first hover and the first click should find images and decoder ready; both start slowly.
    later = BackgroundTask(opened.prepare)
    return Response(space.as_bytes(), media_type=BYTES, headers=KEEP | AS_IS, background=later)


@_of_a_map
def column(request: Request, opened: "OpenRun", space: "LatentMap") -> Response:
    """What a colouring says of each point, a byte each (see `explorer.workflows.columns.Column`)."""
    codes = opened.painting.codes(request.path_params["name"], space)
    return Response(codes.tobytes(), media_type=BYTES, headers=KEEP | AS_IS)


@_of_a_map
def session(request: Request, _: "OpenRun", space: "LatentMap") -> Response:
    """What a labeling session says of each point, a byte each (see `explorer.workflows.session_columns`)."""
    from explorer.ui import desks
    from explorer.workflows.session_columns import session_column

    desk = desks.desk(request.path_params["session"])
    ids, state, latest = space.latents.ids, desk.state(), desk.latest()
    codes = session_column(request.path_params["what"], ids, desk.items(), state, latest).codes
    return Response(codes.tobytes(), media_type=BYTES, headers=KEEP | AS_IS)


@_of_a_map
def regions(request: Request, opened: "OpenRun", space: "LatentMap") -> Response:
    """The class decided at each pixel of a box of the map, a byte each, row by row from the top left."""
    from explorer.workflows.regions import decided

    classes = decided(opened.run, space, _view(request))
    return Response(classes.tobytes(), media_type=BYTES, headers=KEEP)


@_of_a_map
def targets(_: Request, opened: "OpenRun", space: "LatentMap") -> Response:
    """Where a structuring run's training would pull each point: n pairs of float32, NaN without a target."""
    from explorer.workflows.targets import placed

    places = placed(space, opened.painting.targets())
    return Response(places.astype("<f4").tobytes(), media_type=BYTES, headers=KEEP | AS_IS)


@_of_a_map
def frames(_: Request, opened: "OpenRun", space: "LatentMap") -> Response:
    """Where the followed items lay after each epoch: pairs of float32, frame by frame.

    Of a map that was turned onto another run's: where its items lay there, and where they lie now.
    """
    places = _moved(space) if space.onto else opened.replay.places
    return Response(places.astype("<f4").tobytes(), media_type=BYTES, headers=KEEP | AS_IS)


def _moved(space: "LatentMap") -> "NDArray[np.float32]":
    from explorer.ui.state import open_for_page
    from explorer.workflows.maps import ONTO
    from explorer.workflows.moving import before_and_after

    run, _, name = space.onto.split(ONTO)
    before = open_for_page(run).on(name)
    if before is None:
        raise UnknownNameError(f"The map {name} of {run} has not been computed.")
    return before_and_after(before, space)


@_of_a_map
def image(request: Request, opened: "OpenRun", space: "LatentMap") -> Response:
    """One item's picture as PNG; its id in the header X-Item-Id."""
    from explorer.figures import item_png

    row = int(request.path_params["row"])
    if row >= len(space):
        raise UnknownNameError(f"There is no item {row} on this map.")
    ids = space.latents.ids[row : row + 1]
    content = item_png(opened.items.images(ids)[0], scale=opened.images.scale)
    return Response(content, media_type="image/png", headers={**KEEP, "X-Item-Id": str(ids[0])})


@_of_a_map
def tiles(request: Request, opened: "OpenRun", space: "LatentMap") -> Response:
    """Pictures of the items in `rows` as one PNG, in that order, a tile of `side` x `side` pixels each."""
    from explorer.figures import montage_png

    rows, side = _tiles_asked(request, len(space))
    ids = space.latents.ids[rows, None]
    images = (opened.items.images(one)[0] for one in ids)  # a photograph may be large: never all of them at once
    content = montage_png(images, side, scale=opened.images.scale)
    return Response(content, media_type="image/png", headers=KEEP)


def thumbnail(request: Request) -> Response:
    """The small picture of a run's map, as PNG; in its place, the sentence that says why there is none."""
    if not check_token(request.query_params.get("token", "")):
        return _refusal(EXPIRED, FORBIDDEN)
    from explorer.ui import thumbnails

    try:
        content = thumbnails.thumbnail(request.path_params["run"])
    except ExplorerError as error:
        return Response(thumbnails.in_words(str(error)), media_type="image/svg+xml", headers=FORGET)
    return Response(content, media_type="image/png", headers=KEEP)


def work(request: Request) -> Response:
    """How far some work of this server is, or that it is over."""
    if not check_token(request.query_params.get("token", "")):
        return _refusal(EXPIRED, FORBIDDEN)
    from explorer.ui.progress import standing_of

    standing = standing_of(request.path_params["identity"])
    return JSONResponse({"over": True} if standing is None else asdict(standing), headers=FORGET)


def _tiles_asked(request: Request, n: int) -> tuple[list[int], int]:
    """Rows and side of a question for tiles; anything but plain numbers in their ranges is refused."""
    rows, side = (request.query_params.get(name, "") for name in ("rows", "side"))
    most = MOST_TILES - 1
    if re.fullmatch(f"[0-9]{{1,9}}(,[0-9]{{1,9}}){{0,{most}}}", rows) and re.fullmatch("[0-9]{1,3}", side):
        numbers = [int(row) for row in rows.split(",")]
        if max(numbers) < n and SMALLEST_SIDE <= int(side) <= LARGEST_SIDE:
            return numbers, int(side)
    raise BadValueError(
        f"Ask for rows 0 to {n - 1}, at most {MOST_TILES} of them as in rows=3,17,5, "
        f"with a side of {SMALLEST_SIDE} to {LARGEST_SIDE} pixels."
    )


def _view(request: Request) -> "View":
    """The part of the map that the address names.

    Raises:
        BadValueError: not four numbers and two whole ones, or such as `View` refuses.
    """
    from explorer.workflows.regions import View

    box, size = (request.query_params.get(key, "").split(",") for key in ("box", "size"))
    try:
        left, bottom, right, top = map(float, box)
        width, height = map(int, size)
    except ValueError:
        raise BadValueError(
            "Regions are asked for by box=left,bottom,right,top in numbers and size=width,height in whole ones."
        ) from None
    return View((left, bottom, right, top), (width, height))


PROGRAM = Route(f"/{PREFIX}/program/{{name}}", program)
ROUTES = [
    PROGRAM,
    Route(f"/{PREFIX}/points/{{run}}", points),
    Route(f"/{PREFIX}/image/{{run}}/{{row:int}}", image),
    Route(f"/{PREFIX}/column/{{run}}/{{name:path}}", column),
    Route(f"/{PREFIX}/session/{{run}}/{{session}}/{{what}}", session),
    Route(f"/{PREFIX}/regions/{{run}}", regions),
    Route(f"/{PREFIX}/targets/{{run}}", targets),
    Route(f"/{PREFIX}/frames/{{run}}", frames),
    Route(f"/{PREFIX}/thumbnail/{{run}}", thumbnail),
    Route(f"/{PREFIX}/tiles/{{run}}", tiles),
    Route(f"/{PREFIX}/work/{{identity}}", work),
    *downloads.ROUTES,
    *labeling_downloads.ROUTES,
]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """From the server's start to its end: import what the pages need, beside its first answers."""
    Thread(target=import_module, args=("explorer.ui.mapping",), daemon=True).start()
    yield
