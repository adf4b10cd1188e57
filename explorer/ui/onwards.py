"""Ways from what was touched on one page to another page that goes on with it."""

import streamlit as st

from explorer import places
from explorer.ui.state import OpenRun

PAGES = {
    "Map": ("2_Map.py", "Show on the map", ":material/scatter_plot:"),
    "Retrieve": ("3_Retrieve.py", "Find more like this", ":material/image_search:"),
    "Morph": ("4_Morph.py", "Morph from here", ":material/animation:"),
}


def link(page: str, opened: OpenRun, item: int | None, place: str = "") -> None:
    """A link to another page about the same item or place of a run.

    Args:
        page: in PAGES.
        opened: the run.
        item: its id; None for a place.
        place: on the run's own map, as its address has it.
    """
    file, label, icon = PAGES[page]
    if page == "Morph":  # which calls its ends by texts
        asked = {"from": "place " + place.replace(",", ", ") if item is None else f"item {item}"}
    else:
        asked = {"at": place} if item is None else {"item": str(item)}
    st.page_link(places.pages() / file, label=label, icon=icon, query_params={"run": opened.name, **asked})
