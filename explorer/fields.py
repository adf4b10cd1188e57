"""Settings that carry their own range, unit, symbol and help.

A method's or a data set's configuration is a frozen `Config` whose fields are made by
`hyper`. Command-line flags, cards and forms are read off it, so nothing is written twice.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from explorer.errors import BadValueError


class Config(BaseModel):
    """Base of every configuration: frozen, closed to unknown names, equal by value."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        """Check every value; one that does not fit is one sentence, on the command line too."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise BadValueError(explain(error, list(type(self).model_fields))) from None


def hyper(
    default: Any,
    *,
    help: str,
    low: float | None = None,
    high: float | None = None,
    symbol: str = "",
    unit: str = "",
) -> Any:
    """Declare one setting of a `Config`.

    Args:
        default: the value when nothing is said.
        help: what it does, in one line.
        low, high: the allowed range, ends included.
        symbol: the paper's symbol, shown beside the name.
        unit: unit of the value, empty for a pure number.
    """
    if low is None or high is None:
        limits = f"from {low:g}" if low is not None else f"up to {high:g}" if high is not None else ""
    else:
        limits = f"{low:g} to {high:g}"
    known = [symbol, unit, limits]
    notes = ", ".join(part for part in known if part)
    return Field(
        default,
        ge=low,
        le=high,
        description=f"{help} [{notes}]" if notes else help,
        json_schema_extra={"symbol": symbol, "unit": unit},
    )


C = TypeVar("C", bound=Config)


def parse(cls: type[C], values: Mapping[str, Any], what: str) -> C:
    """Make a configuration from plain values, as read from a card or a file.

    Args:
        cls: the configuration's class.
        values: field name to value; missing fields take their defaults.
        what: what is configured, for the message ("the method supervised").

    Raises:
        BadValueError: an unknown field or a value out of range; the message names both.
    """
    try:
        return cls(**values)
    except BadValueError as error:
        raise BadValueError(f"{what}: {error}") from None


def explain(error: ValidationError, allowed: list[str]) -> str:
    """Turn pydantic's first complaint into one sentence that names field, value and range."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no setting {name!r}. Choose from: {', '.join(allowed)}."
    if first["type"] == "missing":
        return f"{name} is missing."
    wanted = first["msg"].removeprefix("Input ").removeprefix("String ").removeprefix("Value error, ").rstrip(".")
    return f"{name} = {str(first['input'])[:80]!r}, but it {wanted}."
