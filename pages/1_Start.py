"""Where everything begins."""

import streamlit as st

st.title("Start")
