"""A mirror of MNIST's files on this machine, and the command line that downloads from it.

`python -m tests.mirrored ARGUMENTS` is `latent-explorer ARGUMENTS`; the environment variable
TEST_MIRROR holds the mirror's address and the folder that it serves.
"""

import gzip
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Semaphore, Thread

import numpy as np

from explorer.data.mnist_files import FILES, ORIGINS, Origin

VARIABLE = "TEST_MIRROR"
N_TRAIN, N_TEST = 40, 20
PIECE = 256  # bytes


def images(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)


def labels(n: int) -> np.ndarray:
    return (np.arange(n) % 10).astype(np.uint8)[::-1]


def idx(array: np.ndarray) -> bytes:
    """An array of bytes as a file of the idx format, written by the book."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def contents() -> dict[str, bytes]:
    """The four files of a tiny MNIST."""
    return dict(zip(FILES, map(idx, (images(N_TRAIN), labels(N_TRAIN), images(N_TEST), labels(N_TEST))), strict=True))


def archives() -> dict[str, bytes]:
    """The same, as a mirror has them."""
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in contents().items()}


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


class Mirror:
    """A server of a folder of archives.

    Args:
        folder: what it serves.
        gate: with one, each piece of an archive waits for a release.
    """

    def __init__(self, folder: Path, gate: Semaphore | None = None) -> None:
        self.folder, self.gate, self.address = folder, gate, ""
        self.asked: list[str] = []
        self.is_waiting = False

    def let_through(self) -> None:
        """Let the next piece through, once somebody waits for it."""
        if self.gate and self.is_waiting:
            self.is_waiting = False
            self.gate.release()

    def open(self) -> None:
        """Let everything through from now on."""
        gate, self.gate = self.gate, None
        if gate:
            gate.release(1000)


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, mirror: Mirror, *rest: object) -> None:
        self.mirror = mirror
        super().__init__(*rest, directory=str(mirror.folder))

    def log_message(self, *_: object) -> None:
        pass

    def copyfile(self, source, outputfile) -> None:
        self.mirror.asked.append(self.path.strip("/"))
        try:
            while part := source.read(PIECE):
                if self.mirror.gate:
                    self.mirror.is_waiting = True
                    self.mirror.gate.acquire()
                outputfile.write(part)
        except OSError:  # the client has gone
            pass


@contextmanager
def serving(mirror: Mirror) -> Iterator[Mirror]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, mirror)) as running:
        running.daemon_threads = True
        Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        mirror.address = f"http://127.0.0.1:{running.server_port}/"
        yield mirror
        mirror.open()
        running.shutdown()


def origin(*addresses: str) -> Origin:
    """What is known of the tiny archives that lie at these addresses."""
    sums = tuple(hashlib.md5(archive).hexdigest() for archive in archives().values())
    return Origin(addresses, sums, sum(map(len, archives().values())))


if __name__ == "__main__":
    from explorer.cli import main

    for one in ORIGINS:
        ORIGINS[one] = origin(os.environ[VARIABLE])
    raise SystemExit(main())
