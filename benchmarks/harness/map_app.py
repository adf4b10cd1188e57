"""Our dashboard, with the synthetic items among its data sets."""

import streamlit as st

from explorer import places
from explorer.data import DATASETS
from explorer.ui.routes import ROUTES
from harness.cloud import PETALS

DATASETS[PETALS.name] = PETALS
app = st.App(places.ui_script(), routes=ROUTES)
