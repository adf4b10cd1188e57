"""Why runs could not be measured, kept until their files change, so that nobody tries the same again and again."""

import json
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from explorer.files import telling_of_the_disk
from explorer.settings import Settings
from explorer.workflows.evaluating import JOBS
from explorer.zoo.evaluation import EVALUATION
from explorer.zoo.store import read_bytes, write_bytes

NAME = "failures.json"
MOST_BYTES, MOST_LETTERS, MOST_RUNS = 1_000_000, 500, 500


def version_of(folder: Path) -> str:
    """Names the version of a run's files by their sizes and times, but for its record's; empty where it has gone."""
    with suppress(OSError):
        seen = sorted((one.name, one.stat()) for one in folder.iterdir() if one.name != EVALUATION)
        said = [f"{name}:{found.st_size}:{found.st_mtime_ns}" for name, found in seen]
        return blake2b("\n".join(said).encode(), digest_size=16).hexdigest()
    return ""


def why_not(folder: Path, settings: Settings) -> str:
    """Why a run with these files could not be measured; empty where it was not tried or has changed since."""
    return _read(settings).get(_key(folder), "")


def keep_failure(folder: Path, why: str, settings: Settings) -> None:
    """Keep why a run with these files could not be measured, in place of what was said of it before.

    Raises:
        ExplorerError: a folder that cannot be written.
    """
    others = {key: said for key, said in _read(settings).items() if key.partition(":")[0] != folder.name}
    kept = dict([*others.items(), (_key(folder), why[:MOST_LETTERS])][-MOST_RUNS:])
    root = settings.data_root / JOBS
    with telling_of_the_disk(root, "Make room or choose another data root."):
        root.mkdir(parents=True, exist_ok=True)
        write_bytes(root, NAME, json.dumps(kept).encode())


def _key(folder: Path) -> str:
    return f"{folder.name}:{version_of(folder)}"


def _read(settings: Settings) -> dict[str, str]:
    """What is kept; nothing where the file is damaged."""
    path = settings.data_root / JOBS / NAME
    try:
        found = json.loads(read_bytes(path)) if path.stat().st_size <= MOST_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: why[:MOST_LETTERS] for name, why in found.items() if isinstance(why, str)}
