"""Entry for `streamlit run streamlit_app.py` in a checkout; a wheel starts explorer/asgi.py."""

import streamlit as st

from explorer import places
from explorer.ui.routes import ROUTES, lifespan

# Streamlit finds this assignment by reading the source: it has to stay literal.
app = st.App(places.ui_script(), routes=ROUTES, lifespan=lifespan)
