from typing import Literal

import pytest
from pydantic import ValidationError

from explorer.errors import BadValueError
from explorer.fields import Config, hyper, parse


class Oven(Config):
    heat: float = hyper(180.0, help="how hot", low=50, high=250, symbol="T", unit="°C")
    minutes: int = hyper(30, help="how long", low=1)
    share: float = hyper(0.5, help="how full", high=1)
    mode: Literal["top", "fan"] = hyper("fan", help="from where")


def test_missing_settings_take_their_defaults():
    assert parse(Oven, {}, "The oven") == Oven(heat=180, minutes=30, share=0.5, mode="fan")


@pytest.mark.parametrize("heat", [50, 250])
def test_ends_of_a_range_are_allowed(heat):
    assert parse(Oven, {"heat": heat}, "The oven").heat == heat


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"heat": 251}, ["heat", "251", "250"]),
        ({"heat": 49.5}, ["heat", "49.5", "50"]),
        ({"minutes": 0}, ["minutes", "0", "1"]),
        ({"share": 1.5}, ["share", "1.5", "1"]),
        ({"mode": "grill"}, ["mode", "grill", "top", "fan"]),
        ({"minutes": "soon"}, ["minutes", "soon", "integer"]),
        ({"heat": float("nan")}, ["heat", "nan", "finite"]),
        ({"heat": float("inf")}, ["heat", "inf"]),
    ],
)
def test_value_out_of_range_names_field_value_and_what_is_allowed(values, parts):
    with pytest.raises(BadValueError) as caught:
        parse(Oven, values, "The oven")
    message = str(caught.value)
    assert message.startswith("The oven: ")
    assert "\n" not in message
    assert all(part in message for part in parts)


def test_unknown_setting_lists_the_allowed_ones():
    with pytest.raises(BadValueError, match=r"no setting 'heet'. Choose from: heat, minutes, share, mode\."):
        parse(Oven, {"heet": 100}, "The oven")


def test_long_value_is_cut_in_the_message():
    with pytest.raises(BadValueError) as caught:
        parse(Oven, {"minutes": "x" * 10_000}, "The oven")
    assert len(str(caught.value)) < 300


def test_configuration_is_frozen_and_equal_by_value():
    oven = Oven()
    with pytest.raises(ValidationError, match="frozen"):
        oven.heat = 200
    assert oven == Oven()
    assert oven != Oven(heat=200)


def test_configuration_survives_json():
    oven = Oven(heat=99.5, mode="top")
    assert Oven.model_validate_json(oven.model_dump_json()) == oven


@pytest.mark.parametrize(
    ("field", "description"),
    [
        ("heat", "how hot [T, °C, 50 to 250]"),
        ("minutes", "how long [from 1]"),
        ("share", "how full [up to 1]"),
        ("mode", "from where"),
    ],
)
def test_help_shows_symbol_unit_and_range(field, description):
    assert Oven.model_fields[field].description == description
