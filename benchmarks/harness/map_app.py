"""Our dashboard, with the synthetic items among its data sets."""

import streamlit as st

from explorer import places
from explorer.data import DATASETS
from explorer.ui.routes import ROUTES
from harness.cloud import NOISE

DATASETS[NOISE.name] = NOISE
app = st.App(places.ui_script(), routes=ROUTES)
