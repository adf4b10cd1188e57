"""Make, list and find labeling sessions."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from explorer.errors import BadValueError
from explorer.labeling.recording import record
from explorer.labeling.records import Plan, Press, Session, moment
from explorer.labeling.schema import Kind, sessions

FIELDS = tuple(field.name for field in fields(Plan) if field.name != "name")


def create(connection: Connection, plan: Plan, who: str, classes: Sequence[str], at: int) -> Session:
    """Make a session with its first classes, within the transaction of `connection`.

    Raises:
        BadValueError: a name that is taken, or classes that cannot be.
    """
    if find(connection, plan.name) is not None:
        raise BadValueError(f"There is a labeling session called {plan.name} already. Open it, or choose another name.")
    values: dict[str, Any] = {name: getattr(plan, name) for name in FIELDS}
    values |= {"name": plan.name, "created": at, "dataset_settings": dict(plan.dataset_settings)}
    number = connection.execute(insert(sessions).values(values).returning(sessions.c.id)).scalar_one()
    presses = [Press(Kind.CLASS_ADDED, f"class-{n}", text=name) for n, name in enumerate(classes)]
    for answer in record(connection, number, who, presses, run=plan.run, at=at):
        if answer.refusal:
            raise BadValueError(answer.refusal)
    return Session(number, plan, moment(at))


def find(connection: Connection, name: str) -> Session | None:
    """The session of this name, or None."""
    row = connection.execute(select(sessions).where(sessions.c.name == name)).mappings().first()
    return None if row is None else _session(row)


def every(connection: Connection) -> list[Session]:
    """All sessions, the newest first."""
    return [_session(row) for row in connection.execute(select(sessions).order_by(sessions.c.id.desc())).mappings()]


def _session(row: RowMapping) -> Session:
    return Session(row["id"], Plan(row["name"], **{name: row[name] for name in FIELDS}), moment(row["created"]))
