"""The map's component as a page test sees it: what it is told, and what a browser would say."""

import base64
import json
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

MAP, BESIDE = "map", "map-beside"
NUMBERS = count(1)


def maps(at: AppTest) -> dict[str, dict[str, Any]]:
    """What each map of the page is told, by the component's key."""
    protos = [element.proto for element in at.get("bidi_component")]
    told = {proto.id.split("-", 2)[2]: json.loads(proto.json)[0] for proto in protos}
    return {key: message for key, message in told.items() if "marks" in message}  # others are no maps


def progress(at: AppTest) -> list[tuple[str, float]]:
    """What each bar of work under way says, and the share that is done."""
    told = (json.loads(element.proto.json)[0] for element in at.get("bidi_component"))
    return [(one["words"], one["share"]) for one in told if "share" in one]


def followed_quietly(at: AppTest) -> list[str]:
    """Names of works that the page follows without a bar."""
    told = (json.loads(element.proto.json)[0] for element in at.get("bidi_component"))
    return [one["identity"] for one in told if "quiet" in one]


def say(at: AppTest, event: str, key: str = MAP, **message: Any) -> AppTest:
    """Let the browser report something of a map, and run the page again."""
    about = {"identity": maps(at)[key]["identity"], "seq": next(NUMBERS)}
    at.session_state[key] = {event: {**about, "index": -1, "x": 0.0, "y": 0.0, **message}}
    return at.run()


def lasso(at: AppTest, mask: NDArray[np.bool_], key: str = MAP) -> AppTest:
    """Draw a lasso around these points."""
    return say(at, "lasso", key, mask=base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode())


def selected(told: dict[str, Any]) -> NDArray[np.bool_] | None:
    """The selection that a map is told, or None."""
    if not told["selected"]["name"]:
        return None
    bits = np.frombuffer(base64.b64decode(told["selected"]["mask"]), np.uint8)
    return np.unpackbits(bits, bitorder="little")[: told["n"]].astype(np.bool_)
