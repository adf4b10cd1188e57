"""The command that opens the dashboard."""

import webbrowser
from typing import Annotated
from urllib.parse import quote

import tyro

from explorer import places
from explorer.ui import server


def app(
    run: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="[RUN]", help_behavior_hint="")] = None,
    *,
    port: int = 8501,
    browser: bool = True,
) -> None:
    """Open the dashboard in the browser; Ctrl-C ends it.

    For example:
      latent-explorer app
      latent-explorer app textures-petals
      latent-explorer app --no-browser --port 9000

    Args:
        run: run to open on the map, a name of `latent-explorer models list`; without it, the start page.
        port: the page is served on this port of this machine alone; if it is busy, on the next free one.
        browser: open the page in the browser.
    """
    if run:
        from explorer.workflows.runs import open_run

        open_run(run)  # an unknown name is said here, not in the browser
    serve_at(map_path(run) if run else "", port, browser)


def serve_at(path: str, port: int, browser: bool) -> None:
    """Run the dashboard until it ends, and open a path below its root.

    Args:
        path: of the page, with what stands behind the question mark.
        port, browser: as of `app`.
    """
    free = server.free_port(port)
    if free != port:
        print(f"Port {port} is busy; using {free}.", flush=True)
    address = f"http://{server.HOST}:{free}/{path}"

    def announce() -> None:
        print(f"The dashboard is at {address} (Ctrl-C ends it).", flush=True)
        if browser:
            webbrowser.open(address)

    server.serve(places.entry_script(), free, announce)


def map_path(run: str) -> str:
    """The address of a run's map, below the server's root."""
    return f"Map?run={quote(run, safe='')}"


def label_path(session: str) -> str:
    """The address of a labeling session, below the server's root."""
    return f"Label?session={quote(session, safe='')}"
