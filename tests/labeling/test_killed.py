"""A writer that is killed in the middle loses nothing that it has acknowledged."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from explorer.labeling.schema import Kind
from tests.labeling.databases import CLASSES, PLAN, opened
from tests.labeling.writer import EACH, PEOPLE, presses

ROOT = Path(__file__).parents[2]
TIMES = 20


@pytest.fixture
def writer() -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.labeling.writer"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def killed_after(writer: subprocess.Popen[str], job: str, labels: int) -> set[tuple[int, str, int]]:
    """What was acknowledged by a writer that is killed once it has acknowledged this many labels."""
    assert writer.stdin is not None
    assert writer.stdout is not None
    writer.stdin.write(job + "\n")
    writer.stdin.flush()
    pid, acknowledged = int(writer.stdout.readline().split()[1]), set()
    while (line := writer.stdout.readline()) != "gone\n":
        who, key, seq = line.split()
        acknowledged.add((int(who), key, int(seq)))
        if len(acknowledged) == labels:
            os.kill(pid, signal.SIGKILL)
    return acknowledged


@pytest.mark.slow
def test_every_acknowledged_label_survives_and_none_is_there_twice(writer, store, tmp_path, url):
    rng = random.Random(0)
    for turn in range(TIMES):
        session = store.create(replace(PLAN, name=f"turn-{turn}"), "ann", CLASSES)
        acknowledged = killed_after(writer, f"{tmp_path} {session.plan.name} {url}", rng.randint(10, 200))
        again = opened(tmp_path, url)
        kept = again.state(session).labels().ids
        assert {EACH * who + int(key[1:]) for who, key, _ in acknowledged} <= set(kept.tolist())
        assert len(kept) < PEOPLE * EACH, "it was not killed in the middle"
        free = again.lease(session, "new", range(PEOPLE * EACH), 5, 60)
        assert len(free) == 5
        assert not set(free.tolist()) & set(kept.tolist())
        # What a page does then: it sends all that it has, acknowledged or not.
        answers = {
            (who, answer.key): answer
            for who in range(PEOPLE)
            for answer in again.record(session, f"p{who}", presses(who))
        }
        assert all(answers[who, key].again and answers[who, key].seq == seq for who, key, seq in acknowledged)
        assert len(again.state(session).labels().ids) == PEOPLE * EACH
        with again.database.reading() as connection:
            asked = text("SELECT count(*), count(DISTINCT item) FROM events WHERE session = :one AND kind = :kind")
            found = connection.execute(asked, {"one": session.id, "kind": int(Kind.LABEL)}).one()
            assert tuple(found) == (PEOPLE * EACH, PEOPLE * EACH)
            newest = connection.execute(
                text("SELECT max(seq), count(*) FROM events WHERE session = :one"), {"one": session.id}
            )
            assert len(set(newest.one())) == 1, "a gap in the log"
            if not url:
                assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        again.close()
