"""Routes beside Streamlit's own: a map's points, colours and layers, once; images, on hover and zoomed in.

They are not covered by Streamlit's session, so each asks for the session's token; the map's program
alone is for anyone. What a page needs is imported while the browser still fetches the page, not
before the server answers.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer.errors import BadValueError, ExplorerError
from explorer.ui.tokens import PREFIX, check_token

if TYPE_CHECKING:
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
MOST_TILES, SMALLEST_TILE, LARGEST_TILE = 64, 16, 96  # a request; side in pixels


def scatter(request: Request) -> Response:
    """The map's program: text that is the same for everyone, so it needs no token."""
    from explorer.ui.scatter import program

    if request.path_params["name"] != program.file_name():
        return PlainTextResponse("The server has another version of the map: reload the page.", NOT_FOUND, FORGET)
    return Response(program.module(), media_type="text/javascript", headers=KEEP_FOR_ALL)


def points(request: Request) -> Response:
    """The points of one of a run's maps: n pairs of float32, then class, confidence and split, a byte each."""
    found = _on_a_map(request)
    if isinstance(found, Response):
        return found
    opened, space = found
    # The first hover and the first click should find images and decoder ready; both start slowly.
    later = BackgroundTask(opened.prepare)
    return Response(space.as_bytes(), media_type=BYTES, headers=KEEP | AS_IS, background=later)


def column(request: Request) -> Response:
    """What a colouring says of each point, a byte each (see `explorer.workflows.columns.Column`)."""
    found = _on_a_map(request)
    if isinstance(found, Response):
        return found
    try:
        codes = found[0].painting.codes(request.path_params["name"], found[1])
    except ExplorerError as error:
        return PlainTextResponse(str(error), NOT_FOUND)
    return Response(codes.tobytes(), media_type=BYTES, headers=KEEP | AS_IS)


def regions(request: Request) -> Response:
    """The class decided at each pixel of a box of the map, a byte each, row by row from the top left."""
    found = _on_a_map(request)
    if isinstance(found, Response):
        return found
    opened, space = found
    from explorer.workflows.regions import decided

    try:
        classes = decided(opened.run, space, _view(request))
    except BadValueError as error:
        return PlainTextResponse(str(error), BAD_QUERY)
    except ExplorerError as error:
        return PlainTextResponse(str(error), NOT_FOUND)
    return Response(classes.tobytes(), media_type=BYTES, headers=KEEP)


def targets(request: Request) -> Response:
    """Where a structuring run's training would pull each point: n pairs of float32, NaN without a target."""
    found = _on_a_map(request)
    if isinstance(found, Response):
        return found
    opened, space = found
    from explorer.workflows.targets import placed

    try:
        places = placed(space, opened.painting.targets())
    except BadValueError as error:
        return PlainTextResponse(str(error), BAD_QUERY)
    except ExplorerError as error:
        return PlainTextResponse(str(error), NOT_FOUND)
    return Response(places.astype("<f4").tobytes(), media_type=BYTES, headers=KEEP | AS_IS)


def frames(request: Request) -> Response:
    """Where the followed items lay after each epoch: pairs of float32, frame by frame."""
    opened = _opened(request)
    if isinstance(opened, Response):
        return opened
    try:
        places = opened.replay.places
    except ExplorerError as error:
        return PlainTextResponse(str(error), NOT_FOUND)
    return Response(places.astype("<f4").tobytes(), media_type=BYTES, headers=KEEP | AS_IS)


def image(request: Request) -> Response:
    """One item's picture as PNG; its id in the header X-Item-Id."""
    found = _on_a_map(request)
    if isinstance(found, Response):
        return found
    opened, space = found
    row = int(request.path_params["row"])
    if row >= len(space):
        return PlainTextResponse(f"There is no item {row} on this map.", NOT_FOUND)
    from explorer.figures import item_png

    ids = space.latents.ids[row : row + 1]
    try:
        content = item_png(opened.items.images(ids)[0], scale=opened.images.scale)
    except ExplorerError as error:
        return PlainTextResponse(str(error), NOT_FOUND, FORGET)  # it may be there the next time
    return Response(content, media_type="image/png", headers={**KEEP, "X-Item-Id": str(ids[0])})


def thumbnail(request: Request) -> Response:
    """The small picture of a run's map, as PNG; in its place, the sentence that says why there is none."""
    if not check_token(request.query_params.get("token", "")):
        return PlainTextResponse(EXPIRED, FORBIDDEN)
    from explorer.ui import thumbnails

    try:
        content = thumbnails.thumbnail(request.path_params["run"])
    except ExplorerError as error:
        return Response(
            thumbnails.in_words(str(error)), media_type="image/svg+xml", headers={"Cache-Control": "no-store"}
        )
    return Response(content, media_type="image/png", headers=KEEP)


def tiles(request: Request) -> Response:
    """Pictures of the items in `rows` as one PNG, in that order, a tile of `side` x `side` pixels each."""
    found = _on_a_map(request)
    if isinstance(found, Response):
        return found
    opened, space = found
    from explorer.figures import montage_png

    try:
        rows, side = _tiles_asked(request, len(space))
        images = opened.items.images(space.latents.ids[rows])
        content = montage_png(images, side, scale=opened.images.scale)
    except ExplorerError as error:
        return PlainTextResponse(str(error), BAD_QUERY if isinstance(error, BadValueError) else NOT_FOUND)
    return Response(content, media_type="image/png", headers=KEEP)


def _tiles_asked(request: Request, n: int) -> tuple[list[int], int]:
    """Rows and side of a question for tiles; anything but plain numbers in their ranges is refused."""
    rows, side = (request.query_params.get(name, "") for name in ("rows", "side"))
    most = MOST_TILES - 1
    if re.fullmatch(f"[0-9]{{1,9}}(,[0-9]{{1,9}}){{0,{most}}}", rows) and re.fullmatch("[0-9]{1,3}", side):
        numbers = [int(row) for row in rows.split(",")]
        if max(numbers) < n and SMALLEST_TILE <= int(side) <= LARGEST_TILE:
            return numbers, int(side)
    raise BadValueError(
        f"Ask for rows 0 to {n - 1}, at most {MOST_TILES} of them as in rows=3,17,5, "
        f"with a side of {SMALLEST_TILE} to {LARGEST_TILE} pixels."
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


def _on_a_map(request: Request) -> "tuple[OpenRun, LatentMap] | Response":
    """The run and which of its maps the address names, or why it is refused."""
    opened = _opened(request)
    if isinstance(opened, Response):
        return opened
    name = request.query_params.get("map", "pca")
    try:
        space = opened.on(name)
    except ExplorerError as error:
        return PlainTextResponse(str(error), NOT_FOUND)
    if space is None:
        return PlainTextResponse(f"The map {name} of {opened.name} has not been computed.", NOT_FOUND)
    return opened, space


def _opened(request: Request) -> "OpenRun | Response":
    """The run that the address names, or why it is refused."""
    if not check_token(request.query_params.get("token", "")):
        return PlainTextResponse(EXPIRED, FORBIDDEN)
    from explorer.ui.state import open_for_page

    try:
        return open_for_page(request.path_params["run"])
    except ExplorerError as error:
        return PlainTextResponse(str(error), NOT_FOUND)


SCATTER = Route(f"/{PREFIX}/scatter/{{name}}", scatter)
ROUTES = [
    SCATTER,
    Route(f"/{PREFIX}/points/{{run}}", points),
    Route(f"/{PREFIX}/image/{{run}}/{{row:int}}", image),
    Route(f"/{PREFIX}/column/{{run}}/{{name:path}}", column),
    Route(f"/{PREFIX}/regions/{{run}}", regions),
    Route(f"/{PREFIX}/targets/{{run}}", targets),
    Route(f"/{PREFIX}/frames/{{run}}", frames),
    Route(f"/{PREFIX}/thumbnail/{{run}}", thumbnail),
    Route(f"/{PREFIX}/tiles/{{run}}", tiles),
]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """From the server's start to its end: import what the pages need, beside its first answers."""
    Thread(target=import_module, args=("explorer.ui.mapping",), daemon=True).start()
    yield
