"""A small page with the canvas alone: what its browser test drives. It shows what Python got."""

import json

import numpy as np
import streamlit as st

from explorer.data.centring import as_digit
from explorer.data.strokes import read_strokes
from explorer.figures import item_png
from explorer.ui import gallery
from explorer.ui.canvas import canvas

st.set_page_config(layout="wide", page_title="Canvas")
gallery.style()
if st.checkbox("Show the canvas", value=True):
    ink = canvas(key="canvas", address="drawing")
    digit = None if ink is None else as_digit(ink)
    if digit is not None:
        st.image(item_png(digit[None]), caption="What the network sees", width=140)
    log = {"ink": int(np.count_nonzero(ink)) if ink is not None else 0}
    log["digit"] = digit.tolist() if digit is not None else None
    strokes = len(read_strokes(st.query_params.get("drawing", "")))
    st.html(f"<pre id='log' data-strokes='{strokes}' hidden>{json.dumps(log)}</pre>")
