"""Work beside the page: its result, how far it is, and how it ends."""

from threading import Event

import pytest

from explorer.errors import BadDataError
from explorer.ui.loading import Loading


def test_a_result_is_there_once_the_work_is_over():
    loading = Loading(lambda _: 42)
    assert loading.wait(60)
    assert (loading.result, loading.problem, loading.is_cancelled) == (42, "", False)


def test_it_says_how_far_it_is_while_it_works():
    told, go_on = Event(), Event()

    def work(progress):
        progress(3, 10)
        told.set()
        go_on.wait(60)

    loading = Loading(work)
    assert (loading.wait(0.0), told.wait(60)) == (False, True)
    assert (loading.done, loading.total, loading.is_over) == (3, 10, False)
    go_on.set()
    assert loading.wait(60)


@pytest.mark.parametrize("looks_up", [True, False], ids=["at its next step", "at its end"])
def test_what_is_cancelled_has_neither_a_result_nor_a_problem(looks_up):
    go_on, finished = Event(), []

    def work(progress):
        go_on.wait(60)
        if looks_up:
            progress(1, 2)
        finished.append(1)
        return 42

    loading = Loading(work)
    loading.cancel()
    assert loading.is_cancelled
    go_on.set()
    assert loading.wait(60)
    assert (loading.result, loading.problem) == (None, "")
    assert len(finished) == (0 if looks_up else 1)


def test_a_problem_is_its_sentence():
    def work(_):
        raise BadDataError("The data are not there. Fetch them.")

    loading = Loading(work)
    assert loading.wait(60)
    assert (loading.result, loading.problem) == (None, "The data are not there. Fetch them.")


def test_a_defect_is_told_and_not_lost_in_its_thread():
    loading = Loading(lambda _: int("x"))
    assert loading.wait(60)
    assert loading.problem.startswith("This failed at a defect of the program (ValueError: invalid literal")
