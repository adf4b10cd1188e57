"""The dashboard as it is, but what it does in the background downloads from the test's own mirror."""

import sys

import streamlit as st

from explorer import places
from explorer.ui.routes import ROUTES, lifespan
from explorer.workflows import background

background.COMMAND = (sys.executable, "-m", "tests.mirrored")
app = st.App(places.ui_script(), routes=ROUTES, lifespan=lifespan)
