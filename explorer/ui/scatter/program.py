"""The map's program: one module of all its scripts and its style, and the little loader that gets it.

Streamlit sends a component's script again at every run; so it is given the loader alone, and the
browser gets the module once, under an address that bears a digest of its content.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

from explorer.ui.addresses import public_address

FOLDER = Path(__file__).parent
SCRIPTS = (
    "points.js",
    "theme.js",
    "hidden.js",
    "address.js",
    "camera.js",
    "kept.js",
    "colouring.js",
    "looks.js",
    "painter.js",
    "fetching.js",
    "regions.js",
    "targets.js",
    "overlay.js",
    "marks.js",
    "plates.js",
    "scene.js",
    "picture.js",
    "tiles.js",
    "trails.js",
    "timeline.js",
    "svg.js",
    "panel.js",
    "legend.js",
    "drawnlegend.js",
    "export.js",
    "gestures.js",
    "link.js",
    "loading.js",
    "selection.js",
    "reports.js",
    "scatter.js",
)


@cache
def module() -> str:
    """The text of the module: the style as a constant, then the scripts in their order."""
    style = (FOLDER / "scatter.css").read_text("utf-8")
    return "\n".join([f"const STYLE = {json.dumps(style)};", *((FOLDER / name).read_text("utf-8") for name in SCRIPTS)])


@cache
def file_name() -> str:
    """What the module is called in its address: another content has another name."""
    return f"{hashlib.blake2b(module().encode(), digest_size=8).hexdigest()}.js"


def loader() -> str:
    """The text that Streamlit sends with every run."""
    text = (FOLDER / "loader.js").read_text("utf-8")
    return text.replace("%ADDRESS%", public_address(f"scatter/{file_name()}"))
