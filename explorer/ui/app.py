"""The script of every session: page settings and navigation; then it hands over to a page."""

from pathlib import Path

import streamlit as st

from explorer import __version__, places
from explorer.ui.address_bar import catch_up

TITLE = "latent-explorer"
# Our own file: Streamlit would fetch a Material symbol for the browser's tab from a foreign server.
ICON = str(Path(__file__).with_name("icon.svg"))
SIDEBAR_PIXELS = 250
ICONS = {
    "Start": "home",
    "Map": "scatter_plot",
    "Retrieve": "image_search",
    "Morph": "animation",
    "Evaluate": "monitoring",
    "Label": "label",
}
ABOUT = f"**{TITLE} {__version__}**: see, question and use the latent space of an autoencoder."


def page_files() -> list[Path]:
    """The page files in the order of the navigation: `1_Start.py` before `2_Map.py`."""
    return sorted(places.pages().glob("[0-9]*_*.py"), key=lambda file: int(file.name.split("_")[0]))


def page_title(file: Path) -> str:
    """What the navigation and the address call a page: `2_Map.py` is Map."""
    return file.stem.split("_", 1)[1].replace("_", " ")


def main() -> None:
    """Draw the navigation and run the page that the address names."""
    st.set_page_config(TITLE, ICON, layout="wide", initial_sidebar_state=SIDEBAR_PIXELS, menu_items={"About": ABOUT})
    st.logo(ICON, size="large")
    pages = [
        st.Page(file, title=page_title(file), icon=f":material/{ICONS.get(page_title(file), 'article')}:")
        for file in page_files()
    ]
    page = st.navigation(pages)
    catch_up(is_whole=True)
    page.run()


if __name__ == "__main__":
    main()
