"""Solids drawn in a process of its own: a renderer that crashes takes no server and no training with it.

For each line of JSON that comes in, parts and views, the process gives the pictures as bytes.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

import numpy as np
from numpy.typing import NDArray

from explorer.data.parts import Part
from explorer.errors import MissingDataError

SIDE = 64
FINER = 2  # pixels drawn in place of one, in each direction
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LAST_WORDS = 300  # letters of what the renderer said last
# -P: a file of the folder that the server stands in must not be taken for a library.
COMMAND = (sys.executable, "-P", "-c", "from explorer.data.rendering import main; main()")
INSTEAD = "The data sets coloured and textures need no renderer."
Views = Sequence[Sequence[float]]
Renderer = Callable[[Sequence[Part], Views], NDArray[np.uint8]]


@contextmanager
def renderer() -> Iterator[Renderer]:
    """Start a renderer; it ends with the block, and with this process however that ends.

    Yields:
        A function of parts and views, as `explorer.data.mesh.Studio.pictures` has them, that gives hue, white and
        cover of each pixel, shape (views, 3, 64, 64). It raises MissingDataError where the renderer has ended.

    Raises:
        MissingDataError: VTK is not installed.
    """
    if importlib.util.find_spec("vtkmodules") is None:
        raise MissingDataError(
            "The solids are not drawn yet, and their renderer, VTK, is not installed; install it: "
            f"pip install 'latent-explorer[solids]'. {INSTEAD}"
        )
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for this process, which then ends that one
        )
        assert process.stdin is not None
        assert process.stdout is not None
        given, taken = process.stdin, process.stdout

        def draw(parts: Sequence[Part], views: Views) -> NDArray[np.uint8]:
            try:
                given.write(
                    json.dumps({"parts": [vars(part) for part in parts], "views": list(views)}).encode() + b"\n"
                )
                given.flush()
            except BrokenPipeError:
                raise _ended(process, words) from None
            content = taken.read(len(views) * 3 * SIDE * SIDE)
            if len(content) < len(views) * 3 * SIDE * SIDE:
                raise _ended(process, words)
            return np.frombuffer(content, np.uint8).reshape(-1, 3, SIDE, SIDE)

        try:
            yield draw
        finally:
            process.kill()
            process.wait()
            taken.close()
            with suppress(BrokenPipeError):  # what was left to write has no reader
                given.close()


def _environment() -> dict[str, str]:
    """Without a screen, and with one thread of Mesa: more make small pictures no faster."""
    known = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {"LP_NUM_THREADS": "1"} | known


def _ended(process: "subprocess.Popen[bytes]", words: IO[bytes]) -> MissingDataError:
    code = process.wait()
    words.seek(0)
    lines = COLOURS.sub("", words.read().decode("utf-8", "replace")).strip().splitlines()
    last = [line for line in lines if "WARN|" not in line]
    said = f", saying: {last[-1][-LAST_WORDS:]}" if last else ""
    return MissingDataError(
        f"The solids could not be drawn: VTK ended with code {code}{said}. Without a screen it needs EGL or OSMesa "
        f"(on Debian: apt-get install libegl1, or libosmesa6). {INSTEAD}"
    )


def main() -> None:
    """Draw what standard input asks for, until it ends."""
    pictures = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no picture
    from explorer.data.mesh import Studio, mesh

    studio = Studio(SIDE, FINER)
    for line in sys.stdin:
        asked = json.loads(line)
        drawn = studio.pictures(mesh([Part(**part) for part in asked["parts"]]), asked["views"])
        if not drawn[:, 2].any():
            raise SystemExit("Nothing appears in the pictures.")
        pictures.write(drawn.tobytes())
        pictures.flush()
