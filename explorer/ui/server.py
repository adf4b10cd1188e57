"""Start the dashboard's server as a process of its own and wait for it.

This module does not import Streamlit, so that the command line stays quick.
"""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from explorer.errors import BadValueError, ExplorerError

HOST = "127.0.0.1"  # as .streamlit/config.toml says
PATIENCE = 60.0  # seconds a server may take to answer
TRIES = 50
# Each session's thread would else keep a heap of its own that does not shrink: 7 MB a session at 70,000 points.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}


def free_port(wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on.

    Args:
        wanted: first port to try, 1 to 65535.

    Raises:
        BadValueError: no such port, a port that this user may not open, or no free one among the next fifty.
    """
    if not 1 <= wanted <= 65535:
        raise BadValueError(f"There is no port {wanted}: choose one from 1024 to 65535.")
    last = min(wanted + TRIES - 1, 65535)
    for port in range(wanted, last + 1):
        if _is_free(port):
            return port
    raise BadValueError(f"The ports {wanted} to {last} are all busy: choose another with --port.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # A port that a stopped server has just left counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise BadValueError(f"You may not open port {port}: choose one from 1024 to 65535.") from None
            return False
    return True


def serve(entry: Path, port: int, on_ready: Callable[[], None]) -> None:
    """Run the server until it ends or until Ctrl-C, a hang-up or a termination ends it.

    Args:
        entry: script for `streamlit run`.
        port: a free port.
        on_ready: called once, when the server answers.

    Raises:
        ExplorerError: the server ended by itself; what it wrote stands above.
    """
    # -P: a file of the folder you stand in must not be taken for a library.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(entry), "--server.port", str(port)]
    # A session of its own: Ctrl-C reaches this process alone, which then ends the server in good order.
    server = subprocess.Popen(
        [*command, "--logger.hideWelcomeMessage", "true"], start_new_session=True, env={**ENVIRONMENT, **os.environ}
    )
    before = {name: signal.signal(name, _leave) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        _await_answer(server, port)
        on_ready()
        server.wait()
    except KeyboardInterrupt:
        return
    finally:
        _end(server)
        for name, handler in before.items():
            signal.signal(name, handler)
    raise ExplorerError(
        f"The server ended by itself (code {server.returncode}): see what it wrote above, start it again."
    )


def _leave(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _await_answer(server: "subprocess.Popen[bytes]", port: int) -> None:
    give_up = time.monotonic() + PATIENCE
    while server.poll() is None and not answers(port):
        if time.monotonic() > give_up:
            raise ExplorerError(
                f"The server did not answer within {PATIENCE:g} s: see what it wrote above, start it again."
            )
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether a dashboard, or another server of its kind, listens on this port."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200  # noqa: PLR2004
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _end(server: "subprocess.Popen[bytes]") -> None:
    """Ask the server to end; insist after five seconds."""
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
