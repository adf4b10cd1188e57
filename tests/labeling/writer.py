"""A process that writes labels for eight annotators at once, to be killed: python -m tests.labeling.writer.

It reads lines "FOLDER SESSION [URL]". For each it forks, all modules loaded, a child that writes and says
"pid N", then a line for each label once the store has acknowledged it. When the child is gone it says "gone".
"""

import os
import sys
from pathlib import Path
from threading import Thread

from explorer.labeling.records import Press, Session
from explorer.labeling.store import LabelStore
from tests.labeling.databases import CLASSES, label, opened

PEOPLE = 8
EACH = 125


def presses(who: int) -> list[Press]:
    """What one annotator labels in the whole."""
    return [label(f"k{n}", EACH * who + n, n % len(CLASSES)) for n in range(EACH)]


def write(store: LabelStore, session: Session, who: int) -> None:
    for press in presses(who):
        (answer,) = store.record(session, f"p{who}", [press])
        os.write(1, f"{who} {press.key} {answer.seq}\n".encode())


def child(folder: str, name: str, url: str) -> None:
    store = opened(Path(folder), url)
    os.write(1, f"pid {os.getpid()}\n".encode())
    session = store.session(name)
    threads = [Thread(target=write, args=(store, session, who)) for who in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    for line in sys.stdin:
        folder, name, *url = line.split()
        if not (pid := os.fork()):
            child(folder, name, "".join(url))
            os._exit(0)
        os.waitpid(pid, 0)
        os.write(1, b"gone\n")


if __name__ == "__main__":
    main()
