"""Download a file whole or not at all, from the first address that gives the right one."""

import hashlib
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.request import Request, urlopen

from explorer.errors import BadDataError
from explorer.files import telling_of_the_disk, write_atomically

PATIENCE = 30  # seconds without an answer of the server
AT_ONCE = 1 << 16  # bytes


def downloaded(
    addresses: Sequence[str], checksum: str, report: Callable[[int], None], *, largest: int
) -> tuple[bytes | None, str]:
    """The file from the first address that gives the right one; else None, and why the last did not.

    Args:
        addresses: all of the same file.
        checksum: its MD5.
        report: called with the bytes done; what it raises ends the download.
        largest: more bytes are refused.
    """
    problem = ""
    for address in addresses:
        try:
            content = _read(address, report, largest)
        except (OSError, HTTPException) as error:
            problem = (str(error).strip("<>. ").splitlines() or [type(error).__name__])[-1]
            continue
        if md5(content) == checksum:
            return content, ""
        problem = f"{address.rpartition('/')[2]} came truncated or corrupted"
    return None, problem


def keep(path: Path, content: bytes) -> None:
    """Write a downloaded file whole or not at all.

    Raises:
        BadDataError: a disk that is full or cannot be written.
    """

    def write(file: BinaryIO) -> None:
        file.write(content)

    with telling_of_the_disk(path.parent, "Make room or choose another data root.", BadDataError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, write)


def md5(content: bytes) -> str:
    """Checksum of a file, as mirrors name it; it guards against accidents."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _read(address: str, report: Callable[[int], None], largest: int) -> bytes:
    content = bytearray()
    with urlopen(Request(address, headers={"User-Agent": "latent-explorer"}), timeout=PATIENCE) as answer:
        while part := answer.read1(AT_ONCE):
            content += part
            report(len(content))
            if len(content) > largest:
                raise OSError("the server gives more than the file can hold")
    return bytes(content)
