"""The line before a writer: those for whom somebody waits go first, and neither kind waits for ever."""

from __future__ import annotations

import pytest

from checkin.store.jobs import BATCH, PATIENT_BATCH, Jobs
from checkin.store.unit import Job, StoreClosed


def job(name: str, *, patient: bool = False) -> Job:
    """Return a job that gives its name."""
    return Job(lambda _unit: name, lambda _result, _error: None, patient=patient)


def put(jobs: Jobs, number: int, *, patient: bool = False) -> None:
    """Let so many jobs wait."""
    for index in range(number):
        jobs.put(job(f"{index}", patient=patient))


def kinds(batch: list[Job] | None) -> list[bool]:
    """Return which of these are patient."""
    assert batch is not None
    return [one.patient for one in batch]


def test_whoever_is_waited_for_goes_before_all_that_are_patient() -> None:
    jobs = Jobs()
    put(jobs, 2, patient=True)
    put(jobs, 3)
    assert jobs.somebody_waits
    assert kinds(jobs.take()) == [False] * 3
    assert not jobs.somebody_waits
    assert kinds(jobs.take()) == [True] * 2


def test_they_take_turns_where_there_are_always_both() -> None:
    jobs = Jobs()
    put(jobs, 20, patient=True)
    taken = []
    for _ in range(6):
        put(jobs, 2)
        taken.append(kinds(jobs.take()))
    patient, others = [True] * PATIENT_BATCH, [False] * 4
    assert taken == [[False] * 2, patient, others, patient, others, patient]


def test_a_commit_is_never_too_large() -> None:
    jobs = Jobs()
    put(jobs, BATCH + 1)
    assert len(jobs.now()) == BATCH
    assert len(jobs.now()) == 1
    assert jobs.now() == []


def test_what_is_put_back_goes_on_before_the_others() -> None:
    jobs = Jobs()
    put(jobs, PATIENT_BATCH + 1, patient=True)
    taken = jobs.take()
    assert taken is not None
    jobs.put_back(taken[1:])
    again = jobs.take()
    assert again is not None
    assert again[:-1] == taken[1:]
    assert jobs.now() == []


def test_the_end_comes_behind_the_last() -> None:
    jobs = Jobs()
    put(jobs, 1, patient=True)
    put(jobs, 1)
    jobs.close()
    with pytest.raises(StoreClosed):
        put(jobs, 1)
    assert [kinds(jobs.take()), kinds(jobs.take()), jobs.take()] == [[False], [True], None]
