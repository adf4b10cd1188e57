"""Addresses of our own routes; all but those of public text with a token of the session."""

from urllib.parse import quote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.ui.tokens import PREFIX, make_token


def route_address(path: str, query: str) -> str:
    """Where the browser of this session asks one of our routes.

    Args:
        path: behind the prefix of all of them, quoted.
        query: what is asked, quoted.
    """
    return f"{public_address(path)}?{query}&token={make_token(_session_id())}"


def file_address(*path: str) -> str:
    """Where the browser of this session takes one file away; its token opens that file alone.

    Args:
        path: its parts behind the prefix of all routes, not quoted.
    """
    quoted = "/".join(quote(part, safe="") for part in path)
    return f"{public_address(quoted)}?token={make_token(_session_id(), '/'.join(path))}"


def public_address(path: str) -> str:
    """Where any browser asks one of our routes that needs no token.

    Args:
        path: behind the prefix of all of them, quoted.
    """
    base = f"{st.get_option('server.baseUrlPath') or ''}/{PREFIX}".lstrip("/")
    return f"/{base}/{path}"


def _session_id() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""
