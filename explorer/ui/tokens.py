"""Signed, expiring tokens: our routes answer only to sessions of this server.

A page puts its session's token into the addresses that it hands to the browser. The secret is
drawn once a process, so no token outlives the server.
"""

import secrets
import time
from threading import Lock

from itsdangerous import BadSignature, URLSafeTimedSerializer

PREFIX = "explorer"  # what the addresses of our routes begin with
LIFE = 12 * 60 * 60  # seconds


class Tokens:
    """Owns the secret and the token of each session; one a process."""

    def __init__(self) -> None:
        self._serializer = URLSafeTimedSerializer(secrets.token_hex(32), salt="route")
        self._made: dict[str, tuple[str, float]] = {}
        self._lock = Lock()

    def make(self, session_id: str) -> str:
        """The session's token; a new one only past half of its life, so that addresses stay cacheable."""
        now = time.time()
        with self._lock:
            token, made = self._made.get(session_id, ("", 0.0))
            if token and now - made < LIFE / 2:
                return token
            self._made = {key: value for key, value in self._made.items() if now - value[1] < LIFE / 2}
            token = str(self._serializer.dumps(session_id))
            self._made[session_id] = token, now
            return token

    def check(self, token: str) -> bool:
        """Whether this process signed the token less than `LIFE` seconds ago."""
        try:
            self._serializer.loads(token, max_age=LIFE)
        except BadSignature:  # an expired one is a kind of it
            return False
        return True


_TOKENS = Tokens()


def make_token(session_id: str) -> str:
    """A token for one session.

    Args:
        session_id: Streamlit's id of the session.

    Returns:
        Letters, digits, `-`, `_` and `.`; the same for at least six hours, good for twelve.
    """
    return _TOKENS.make(session_id)


def check_token(token: str) -> bool:
    """Whether a token was made by this server process within the last twelve hours."""
    return _TOKENS.check(token)
