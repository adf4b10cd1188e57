"""Addresses of our own routes; all but those of public text with the session's token."""

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
    return f"{public_address(path)}?{query}&token={token}"


def public_address(path: str) -> str:
    """Where any browser asks one of our routes that needs no token.

    Args:
        path: behind the prefix of all of them, quoted.
    """
    base = f"{st.get_option('server.baseUrlPath') or ''}/{PREFIX}".lstrip("/")
    return f"/{base}/{path}"
