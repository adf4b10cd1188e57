"""Items on somebody's screen: held until a time, so that nobody else is asked about them meanwhile."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from explorer.labeling.schema import leases

CHUNK = 500  # items asked for at once


def held(connection: Connection, session: int, annotator: int, tab: str, at: int) -> set[int]:
    """Items that others hold at this moment; another tab of the same annotator is another one too."""
    c = leases.c
    asked = select(c.item).where(c.session == session, c.until > at, (c.annotator != annotator) | (c.tab != tab))
    return set(connection.execute(asked).scalars())


def take(connection: Connection, session: int, annotator: int, tab: str, items: Sequence[int], until: int) -> None:
    """Hold these items, which nobody else holds."""
    give_back(connection, session, items)
    same = {"session": session, "annotator": annotator, "tab": tab, "until": until}
    if items:
        connection.execute(insert(leases), [same | {"item": item} for item in items])


def release(connection: Connection, session: int, annotator: int, tab: str) -> None:
    """Give back all that this tab holds."""
    c = leases.c
    connection.execute(delete(leases).where(c.session == session, c.annotator == annotator, c.tab == tab))


def give_back(connection: Connection, session: int, items: Sequence[int]) -> None:
    """Let go of these items, whoever held them: what has run out too."""
    c = leases.c
    for at in range(0, len(items), CHUNK):
        connection.execute(delete(leases).where(c.session == session, c.item.in_(items[at : at + CHUNK])))
