"""Labels: from the press to its acknowledgement with eight annotators, and the opening of a long session.

Each side runs on a file of its own, on the same disk. A press counts until it is durable. Eight threads press without
pause, or every quarter of a second, which is a quick person.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
from harness import table
from sqlalchemy import BigInteger, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from explorer.labeling.records import Plan, Press
from explorer.labeling.schema import Kind, events
from explorer.labeling.store import LabelStore, open_store
from explorer.settings import Settings

PEOPLE, CLASSES = 8, 10
BLOCK = 50_000  # events written at once while the long session is made


class Base(DeclarativeBase):
    pass


class Row(Base):
    """The same log by the library's object mapper."""

    __tablename__ = "events"
    session: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    annotator: Mapped[int]
    kind: Mapped[int]
    item: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[int | None] = mapped_column("class")


def waits(press: Callable[[int, int], object], presses: int, pause: float) -> list[float]:
    """Milliseconds of each press, eight annotators at once."""
    found: list[float] = []

    def work(who: int) -> None:
        time.sleep(pause * who / PEOPLE)
        for n in range(presses):
            begun = time.perf_counter()
            press(who, n)
            found.append(1000 * (time.perf_counter() - begun))
            time.sleep(max(0.0, pause - (time.perf_counter() - begun)))

    threads = [Thread(target=work, args=(who,)) for who in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def ours(folder: Path, presses: int, pause: float) -> list[float]:
    store = open_store(Settings(data_root=folder))
    session = store.create(Plan("bench", "mnist", "run"), "ann", [str(n) for n in range(CLASSES)])

    def press(who: int, n: int) -> None:
        store.record(session, f"p{who}", [Press(Kind.LABEL, f"k{n}", (presses * who + n,), n % CLASSES)])

    found = waits(press, presses, pause)
    assert len(store.state(session).labels().ids) == PEOPLE * presses
    store.close()
    return found


def naive(folder: Path, presses: int, pause: float) -> list[float]:
    """Peer: sqlite3 as it comes, a connection and a commit a label."""
    file = folder / "naive.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE labels (item INTEGER PRIMARY KEY, who INTEGER, class INTEGER)")

    def press(who: int, n: int) -> None:
        connection = sqlite3.connect(file, timeout=60)
        connection.execute("INSERT OR REPLACE INTO labels VALUES (?, ?, ?)", (presses * who + n, who, n % CLASSES))
        connection.commit()
        connection.close()

    return waits(press, presses, pause)


def long_session(folder: Path, n: int) -> None:
    """A session of n labels by eight annotators, written as the store writes them, but many at once."""
    store = open_store(Settings(data_root=folder))
    session = store.create(Plan("long", "mnist", "run"), "ann", [str(n) for n in range(CLASSES)])
    for who in range(PEOPLE):
        store.release(session, f"p{who}")  # makes the annotator
    items = np.random.default_rng(0).integers(0, 2**52, n).tolist()
    blank = {"session": session.id, "kind": int(Kind.LABEL), "run": "run", "target": None, "text": None}
    with store.database.writing() as connection:
        for at in range(0, n, BLOCK):
            rows = [
                blank
                | {"seq": CLASSES + 1 + i, "annotator": 2 + i % PEOPLE, "item": items[i], "class": i % CLASSES}
                | {"at": 1_700_000_000_000_000 + i, "key": f"{i:032x}"}
                for i in range(at, min(n, at + BLOCK))
            ]
            connection.execute(insert(events), rows)
    store.close()


def opened(folder: Path) -> LabelStore:
    store = open_store(Settings(data_root=folder))
    store.state(store.session("long")).labels()
    return store


def fetched(folder: Path) -> int:
    """Peer: every event as an object, the newest label of each item by a dictionary."""
    engine = create_engine(f"sqlite:///{folder / 'labels.sqlite'}")
    labels: dict[int | None, int | None] = {}
    with Session(engine) as session:
        for row in session.scalars(select(Row).where(Row.session == 1, Row.kind == int(Kind.LABEL)).order_by(Row.seq)):
            labels[row.item] = row.number
    engine.dispose()
    return len(labels)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=3, help="of each pair")
    flags = parser.parse_args()
    presses, n = (10, 20_000) if flags.quick else (100, 1_000_000)
    table.header(f"{PEOPLE} annotators: the store (ours) / sqlite3, a commit a label (peer)", flags.rounds)
    for words, pause in (("without pause", 0.0), ("every 0.25 s", 0.25)):
        pairs = []
        for _ in range(flags.rounds):
            with tempfile.TemporaryDirectory() as folder:
                pairs.append((ours(Path(folder), presses, pause), naive(Path(folder), presses, pause)))
        for share in (50, 99):
            a, b = ([float(np.percentile(side, share)) for side in sides] for sides in zip(*pairs, strict=True))
            table.row(f"{words}: acknowledged, p{share}", a, b, "ms", best="low")
    table.note("the peer forgets who said what before, and knows no undo and no repeated press")
    with tempfile.TemporaryDirectory() as folder:
        long_session(Path(folder), n)
        times = []
        for _ in range(flags.rounds):
            times.append((seconds(lambda: opened(Path(folder)).close()), seconds(lambda: fetched(Path(folder)))))
        a, b = map(list, zip(*times, strict=True))
        table.row(f"opening {n:,} events to labels (peer: ORM rows)", a, b, "s", best="low")


if __name__ == "__main__":
    main()
