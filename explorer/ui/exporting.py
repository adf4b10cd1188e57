"""The points of a map as a file."""

from contextlib import suppress
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.ui import downloads
from explorer.ui.state import OpenRun
from explorer.workflows.exporting import Kind, export_points
from explorer.workflows.maps import LatentMap

KINDS: dict[Kind, tuple[str, str]] = {"csv": ("CSV", "text/csv"), "parquet": ("Parquet", "application/octet-stream")}


def offer(opened: OpenRun, space: LatentMap) -> None:
    """The control: all points of the map as a file; the picture of the map is exported from its own tools."""
    # The words are for screen readers: style.css shows the icon alone.
    with st.popover("Export points", icon=":material/download:", help="The points as a file", key="export-points"):
        st.caption("Every point with its id, class, prediction, latent and place on this map.")
        links(opened, space, "points")


def links(opened: OpenRun, space: LatentMap, what: str, mask: NDArray[np.bool_] | None = None) -> None:
    """A link for each kind of file; nothing is made before it is pressed.

    Args:
        opened: the run.
        space: the map.
        what: ends the file's name.
        mask: which points, shape (n,); None for all.
    """
    with st.container(horizontal=True, gap="small"):
        for kind, (title, mime) in KINDS.items():
            downloads.offer(
                f"Export as {title}",
                partial(_content, opened, space, kind, mask),
                name=f"{opened.name}-{what}.{kind}",
                mime=mime,
                key=f"export-{what}-{kind}",
            )


def _content(opened: OpenRun, space: LatentMap, kind: Kind, mask: NDArray[np.bool_] | None) -> bytes:
    """The file, with what the data set says of the items where it is at hand."""
    items = None
    with suppress(ExplorerError):
        items = opened.items
    return export_points(space, opened.run.card.classes, kind, mask=mask, items=items)
