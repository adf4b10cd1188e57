"""Addresses of our own routes, each with the session's token."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.ui.tokens import PREFIX, make_token


def route_address(path: str, query: str) -> str:
    """Where the browser of this session asks one of our routes.

    Args:
        path: behind the prefix of all of them, quoted.
        query: what is asked, quoted.
    """
    context = get_script_run_ctx()
    token = make_token(context.session_id if context else "")
    base = f"{st.get_option('server.baseUrlPath') or ''}/{PREFIX}".lstrip("/")
    return f"/{base}/{path}?{query}&token={token}"
