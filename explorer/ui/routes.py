"""Routes that the server answers beside Streamlit's own."""

from starlette.routing import Route

ROUTES: list[Route] = []
