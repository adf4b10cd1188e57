"""Where everything begins: the runs on the shelf, one click to open each."""

import streamlit as st

from explorer.ui import gallery, layout, state

COLUMNS = 3

gallery.style()
st.markdown("## Latent spaces on the shelf")
st.markdown("Each card is a trained network. Open one to see its latent space, click its points and question it.")
shelf = state.runs()
if not shelf:
    st.info("There is no run yet. Train one: `latent-explorer train --help`.", icon=":material/info:")
for start in range(0, len(shelf), COLUMNS):
    for column, entry in zip(st.columns(COLUMNS), shelf[start : start + COLUMNS], strict=False):
        with column:
            layout.shelf_card(entry)
