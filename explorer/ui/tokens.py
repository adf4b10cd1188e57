"""Signed, expiring tokens: our routes answer only to sessions of this server.

A page puts its session's tokens into the addresses that it hands to the browser: one that opens what is drawn, and for
each file that can be taken away one that opens that file alone, since its address stands in the browser's history. The
secret is drawn once a process, so no token outlives the server; while the page is open, its tokens do not expire.
"""

import secrets
import time
from threading import Lock

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from streamlit import runtime

PREFIX = "explorer"  # what the addresses of our routes begin with
LIFE = 12 * 60 * 60  # seconds
DRAWN = "route"  # what a token opens, unless it is for one file alone


class Tokens:
    """Owns the secret and the tokens of each session; one a process."""

    def __init__(self) -> None:
        self._serializer = URLSafeTimedSerializer(secrets.token_hex(32))
        self._made: dict[tuple[str, str], tuple[str, float]] = {}
        self._lock = Lock()

    def make(self, session_id: str, opens: str = DRAWN) -> str:
        """The session's token for this; a new one only past half of its life, so that addresses stay cacheable."""
        now = time.time()
        with self._lock:
            token, made = self._made.get((session_id, opens), ("", 0.0))
            if token and now - made < LIFE / 2:
                return token
            self._made = {key: value for key, value in self._made.items() if now - value[1] < LIFE / 2}
            token = str(self._serializer.dumps(session_id, salt=opens))
            self._made[session_id, opens] = token, now
            return token

    def check(self, token: str, opens: str = DRAWN) -> bool:
        """Whether this process signed the token for this, less than `LIFE` seconds ago or for a page that is open."""
        try:
            self._serializer.loads(token, max_age=LIFE, salt=opens)
        except SignatureExpired as expired:
            return is_open(self._serializer.load_payload(expired.payload or b""))
        except BadSignature:
            return False
        return True


def is_open(session_id: str) -> bool:
    """Whether a browser is connected to Streamlit's session of this id."""
    try:
        return runtime.exists() and runtime.get_instance().is_active_session(session_id)
    except Exception:  # what another version of Streamlit raises: who cannot be told to be there is not there
        return False


_TOKENS = Tokens()


def make_token(session_id: str, opens: str = DRAWN) -> str:
    """A token for one session.

    Args:
        session_id: Streamlit's id of the session.
        opens: all that is drawn, or the path of one file.

    Returns:
        Letters, digits, `-`, `_` and `.`; the same for at least six hours, good for twelve and while the page is open.
    """
    return _TOKENS.make(session_id, opens)


def check_token(token: str, opens: str = DRAWN) -> bool:
    """Whether this server made a token for `opens` within the last twelve hours, or for a page that is open."""
    return _TOKENS.check(token, opens)
