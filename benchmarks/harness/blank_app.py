"""The least that Streamlit can show: what every Streamlit page costs."""

import streamlit as st

st.html('<p id="blank">Nothing else</p>')
