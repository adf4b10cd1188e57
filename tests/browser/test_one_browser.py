"""How the tests of this folder are given to the workers."""

import pytest


def test_all_that_drives_a_browser_goes_to_one_worker(request: pytest.FixtureRequest) -> None:
    """A plugin that no longer groups tests says nothing, and two browsers at once make each other late."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("the tests run in one process")
    assert request.node.nodeid.endswith("@browser")
