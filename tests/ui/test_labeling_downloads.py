"""Files that are made at the click of a link, over HTTP: what they hold, and what is told where there is none."""

import asyncio
import errno
import html
import os
import re
import sqlite3
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import create_autospec
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from streamlit.runtime import Runtime

from explorer.errors import StoreError
from explorer.labeling import exporting
from explorer.labeling.decoding import decode
from explorer.labeling.store import LabelStore
from explorer.ui import desks, downloads, labeling_downloads, tokens
from explorer.ui.tokens import LIFE, make_token
from explorer.workflows.label_files import FILE_KINDS
from tests.labeling.databases import CLASSES, PLAN, label, opened

APP = Starlette(routes=labeling_downloads.ROUTES)
Ask = Callable[..., Any]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LabelStore]:
    """The store of this server, with a session of two labels."""
    store = opened(tmp_path)
    monkeypatch.setattr(desks, "store", lambda: store)
    store.record(store.create(PLAN, "Ann", CLASSES), "Ann", [label("a", 1, 0), label("b", 2, 1)])
    yield store
    store.close()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, which is empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def ask(store: LabelStore) -> Ask:  # noqa: ARG001 - there is one
    with warnings.catch_warnings():  # it would rather have another HTTP library than the one that comes with Streamlit
        warnings.simplefilter("ignore", UserWarning)
        from starlette.testclient import TestClient
    client = TestClient(APP)

    def asked(path: str, **query: str) -> Any:
        return client.get(f"/explorer/{path}", params={"token": make_token("session", unquote(path))} | query)

    return asked


def sentence(answer: Any) -> str:
    """What an answer that is no file says."""
    assert "content-disposition" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert "Traceback" not in answer.text
    said = re.findall("<p>(.*?)</p>", answer.text)
    return html.unescape(said[1])


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_export_holds_what_is_labelled_at_the_click(ask, store, kind):
    store.record(store.session(PLAN.name), "Bob", [label("late", 3, 2)])
    answer = ask(f"labels/{PLAN.name}/{kind}")
    assert answer.status_code == 200
    assert {row.item for row in decode(answer.content, kind)} == {1, 2, 3}
    assert answer.headers["content-type"].partition(";")[0] == FILE_KINDS[kind].mime
    name = f"{PLAN.name}.{FILE_KINDS[kind].ending}"
    assert answer.headers["content-disposition"] == f"attachment; filename*=utf-8''{name}"
    assert answer.headers["cache-control"] == "no-store"


def test_backup_is_a_sound_database_and_leaves_no_file_behind(ask, temporary, tmp_path, monkeypatch):
    monkeypatch.setattr(labeling_downloads, "PART", 1000)
    answer = ask("backup")
    assert answer.status_code == 200
    assert re.fullmatch(
        r"attachment; filename\*=utf-8''labels-\d{4}-\d\d-\d\d\.sqlite", answer.headers["content-disposition"]
    )
    assert int(answer.headers["content-length"]) == len(answer.content) > 10_000
    (tmp_path / "copy.sqlite").write_bytes(answer.content)
    with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
        assert copy.execute("SELECT name FROM sessions").fetchall() == [(PLAN.name,)]
        assert copy.execute("SELECT count(*) FROM events").fetchone() == (5,)
    assert not list(temporary.iterdir())


def test_backup_leaves_no_file_behind_though_the_browser_goes_away(store, temporary, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(labeling_downloads, "PART", 1000)
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        assert not list(temporary.iterdir()), "nothing lies there even while it is sent"
        if len(sent) == 3:
            raise OSError("gone")
        sent.append(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.sleep(60)

    with pytest.raises(ClientDisconnect):
        run(APP(request("backup"), receive, send))
    assert len(sent) == 3


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a thread of its own: browser tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def request(path: str) -> dict[str, Any]:
    """A request as the server hands it on."""
    return {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "GET",
        "path": f"/explorer/{path}",
        "headers": [],
        "query_string": f"token={make_token('session', path)}".encode(),
    }


def test_one_file_is_made_at_a_time_and_none_for_a_tab_that_was_closed_meanwhile(store, monkeypatch):  # noqa: ARG001
    made: list[str] = []
    begun, go_on = Event(), Event()

    def slow(_: object, __: object, kind: str, file: Any) -> None:
        made.append(kind)
        begun.set()
        assert go_on.wait(60)
        file.write(b"all")

    async def send(_: Any) -> None:
        pass

    async def waits() -> Any:
        await asyncio.sleep(60)

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def clicks() -> None:
        asking = [asyncio.create_task(APP(request(f"labels/{PLAN.name}/csv"), waits, send))]
        await asyncio.to_thread(begun.wait, 60)
        for kind, receive in (("jsonl", gone), ("parquet", waits)):
            asking.append(asyncio.create_task(APP(request(f"labels/{PLAN.name}/{kind}"), receive, send)))
        for _ in range(100):  # of the loop: both come as far as they can
            await asyncio.sleep(0)
        assert made == ["csv"]
        go_on.set()
        await asyncio.gather(*asking)

    monkeypatch.setattr(downloads, "_turns", defaultdict(asyncio.Lock))
    monkeypatch.setattr(exporting, "write_labels", slow)
    run(clicks())
    assert made == ["csv", "parquet"]


@pytest.mark.parametrize(
    "name", ["größte Küche", 'a "quoted" one', "a;b\r\nX-Other: 1", "../../etc/passwd", "日本語", "100%"]
)
def test_any_letters_of_a_name_stay_within_the_files_name(ask, store, monkeypatch, name):
    session = store.session(PLAN.name)
    plan = replace(session.plan)
    object.__setattr__(plan, "name", name)  # one that is not plain comes from nowhere, and would do no harm
    monkeypatch.setattr(store, "session", lambda _: replace(session, plan=plan))
    headers = ask("labels/any/csv").headers
    assert re.fullmatch(r"attachment; filename\*=utf-8''[A-Za-z0-9._~%-]+", headers["content-disposition"])
    assert "x-other" not in headers


@pytest.mark.parametrize("path", [f"labels/{PLAN.name}/csv", "backup"])
def test_strangers_get_nothing(ask, path, monkeypatch):
    monkeypatch.setattr(desks, "store", lambda: pytest.fail("nothing is looked up"))
    opens = {"backup": f"labels/{PLAN.name}/csv"}.get(path, f"labels/{PLAN.name}/jsonl")
    for token in ("", "forged", make_token("session"), make_token("session", opens)):
        answer = ask(path, token=token)
        assert answer.status_code == 403
        assert "Reload the page that it stands on" in sentence(answer)


def test_link_expires_but_not_while_its_page_is_open(ask, monkeypatch):
    monkeypatch.setattr(tokens, "_TOKENS", tokens.Tokens())
    mine, other = make_token("mine", "backup"), make_token("other", "backup")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LIFE + 2)
    assert ask("backup", token=mine).status_code == 403, "no server runs here"
    streamlit = create_autospec(Runtime, instance=True)  # with the methods that there are
    streamlit.is_active_session.side_effect = lambda session_id: session_id == "mine"
    monkeypatch.setattr(tokens.runtime, "exists", lambda: True)
    monkeypatch.setattr(tokens.runtime, "get_instance", lambda: streamlit)
    assert ask("backup", token=mine).status_code == 200
    assert ask("backup", token=other).status_code == 403
    streamlit.is_active_session.side_effect = RuntimeError("defect")
    assert ask("backup", token=mine).status_code == 403


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("labels/none/csv", "no labeling session called 'none'"),
        (f"labels/{PLAN.name}/exe", "no kind of file 'exe'"),
        ("labels/%3Cb%3Enone/csv", "'<b>none'"),
    ],
)
def test_what_there_is_not_is_one_sentence(ask, path, words):
    answer = ask(path)
    assert answer.status_code == 404
    assert words in sentence(answer)
    assert "<b>none" not in answer.text


def test_path_of_a_file_is_no_session(ask):
    for path in ("labels/..%2F..%2Fetc%2Fpasswd/csv", "labels/../backup/csv"):
        assert ask(path).status_code == 404


def test_store_that_is_away_is_one_sentence(ask, monkeypatch):
    def away(*_: object) -> None:
        raise StoreError("The database is away. Press again.")

    monkeypatch.setattr(desks, "store", away)
    for path in (f"labels/{PLAN.name}/csv", "backup"):
        answer = ask(path)
        assert (answer.status_code, sentence(answer)) == (503, "The database is away. Press again.")


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_disk_that_fills_up_under_an_export_is_one_sentence(ask, temporary, monkeypatch):
    monkeypatch.setattr(exporting, "write_labels", full)
    answer = ask(f"labels/{PLAN.name}/csv")
    assert answer.status_code == 503
    assert f"another place: latent-explorer label export {PLAN.name} --kind csv --to FILE" in sentence(answer)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("place", ["explorer.files.os.fsync", "tempfile.mkdtemp", "tempfile._os.mkdir"])
def test_full_disk_is_one_sentence_and_leaves_nothing(ask, temporary, monkeypatch, place):
    monkeypatch.setattr(place, full)
    answer = ask("backup")
    assert answer.status_code == 503
    assert "No space left on device. Make room there, or choose another place: latent-explorer label backup FILE" in (
        sentence(answer)
    )
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("path", [f"labels/{PLAN.name}/csv", "backup"])
def test_files_are_made_beside_the_loop_that_serves_all_pages(ask, monkeypatch, path):
    beside: list[bool] = []

    def noted(*_: object) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            beside.append(True)
        raise StoreError("Enough is known.")

    monkeypatch.setattr("explorer.labeling.backup.back_up", noted)
    monkeypatch.setattr(exporting, "write_labels", noted)
    assert ask(path).status_code == 503
    assert beside == [True]
