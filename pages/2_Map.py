"""The latent space as a map."""

import streamlit as st

st.title("Map")
