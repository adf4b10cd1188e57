import pytest

from explorer.errors import UnknownNameError
from explorer.registry import lookup

TABLE = {"ae": 1, "vae": 2, "supervised": 3}


def test_known_name_gives_its_entry():
    assert lookup(TABLE, "vae", "method") == 2


def test_unknown_name_lists_the_allowed_ones():
    with pytest.raises(UnknownNameError, match=r"no method 'zzz'\. Choose one of: ae, vae, supervised\."):
        lookup(TABLE, "zzz", "method")


def test_slip_of_the_pen_is_met_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="Did you mean 'supervised'"):
        lookup(TABLE, "supervized", "method")
