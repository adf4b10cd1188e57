"""Where everything begins: the runs on the shelf, one click to open each."""

import streamlit as st

from explorer.ui import gallery, shelf, state

gallery.style()
st.markdown("## Latent spaces on the shelf")
st.markdown("Each card is a trained network. Open one to see its latent space, click its points and question it.")
shelf.show(state.runs())
