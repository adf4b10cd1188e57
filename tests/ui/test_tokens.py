"""Tokens of the routes."""

import time

import pytest

from explorer.ui import tokens
from explorer.ui.tokens import LIFE, Tokens, check_token, make_token


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def test_own_token_is_accepted():
    assert check_token(make_token("session"))


def test_token_fits_into_an_address():
    assert set(make_token("an id / with & signs?")) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    )


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "é.ü.ß", "." * 5000])
def test_nonsense_is_refused(token):
    assert not check_token(token)


def test_token_with_one_letter_changed_is_refused():
    token = make_token("session")
    for place in (0, len(token) // 2, len(token) - 2):
        changed = token[:place] + ("x" if token[place] != "x" else "y") + token[place + 1 :]
        assert not check_token(changed)


def test_token_of_another_process_is_refused():
    assert not Tokens().check(Tokens().make("session"))


def test_sessions_have_different_tokens():
    assert make_token("one") != make_token("two")


def test_token_stays_the_same_for_half_of_its_life(clock):
    store = Tokens()
    token = store.make("session")
    clock[0] += LIFE / 2 - 1
    assert store.make("session") == token


def test_token_is_renewed_past_half_of_its_life_while_the_old_one_still_works(clock):
    store = Tokens()
    old = store.make("session")
    clock[0] += LIFE / 2 + 1
    new = store.make("session")
    assert new != old
    assert store.check(old)
    assert store.check(new)


def test_token_expires_after_its_life(clock):
    store = Tokens()
    token = store.make("session")
    clock[0] += LIFE - 1
    assert store.check(token)
    clock[0] += 3
    assert not store.check(token)


def test_tokens_of_sessions_long_gone_are_forgotten(clock):
    store = Tokens()
    for number in range(100):
        store.make(f"session {number}")
    clock[0] += LIFE
    store.make("late")
    assert len(store._made) == 1


def test_module_functions_share_one_secret():
    assert tokens._TOKENS.check(make_token("session"))
