"""Use cases that wait for a writer, those first for which somebody waits.

Most come one at a time, and somebody waits for each: a member for an answer, a worker for what it may send.
Where everybody's check-in begins they come by the hundred, and nobody waits for any: those are patient. A
writer takes either what somebody waits for, or a few patient ones. While there are both, it takes them by
turns, so that neither holds the other up for longer than one commit.
"""

from __future__ import annotations

import queue
import threading
from collections import deque

from checkin.store.unit import Job, StoreClosed

BATCH = 64
"""How many use cases may share one commit. More would make the first wait for the last."""

PATIENT_BATCH = 4
"""How many patient ones may. Each of them writes for many people."""


class Jobs:
    """The line before one writer. Any thread may `put`; one thread takes."""

    def __init__(self) -> None:
        self._arrived: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._first: deque[Job] = deque()
        self._patient: deque[Job] = deque()
        self._putting = threading.Lock()
        self._closed = False
        self._ended = False
        self._put = self._taken = 0
        self._patients_turn = False

    def put(self, job: Job) -> None:
        """Let a job wait for its turn. Raises StoreClosed after `close`."""
        with self._putting:
            if self._closed:
                raise StoreClosed
            self._put += not job.patient
            self._arrived.put(job)

    def close(self) -> None:
        """Take no more; `take` returns None behind the last."""
        with self._putting:
            self._closed = True
            self._arrived.put(None)

    @property
    def somebody_waits(self) -> bool:
        """Whether there is a job that is not patient."""
        return self._put > self._taken

    def take(self) -> list[Job] | None:
        """Wait for jobs; return those for the next commit, or None once there will never be any."""
        while not (batch := self.now()):
            if self._ended:
                return None
            self._sort(self._arrived.get())
        return batch

    def now(self) -> list[Job]:
        """Return the jobs for the next commit, none where none is there."""
        while not self._arrived.empty():
            self._sort(self._arrived.get())
        if self._patient and (self._patients_turn or not self._first):
            self._patients_turn = False
            return _some(self._patient, PATIENT_BATCH)
        self._patients_turn = True
        batch = _some(self._first, BATCH)
        self._taken += len(batch)
        return batch

    def put_back(self, jobs: list[Job]) -> None:
        """Let patient jobs that were taken wait for another turn, before all other patient ones."""
        self._patient.extendleft(reversed(jobs))

    def _sort(self, job: Job | None) -> None:
        if job is None:
            self._ended = True
        else:
            (self._patient if job.patient else self._first).append(job)


def _some(jobs: deque[Job], most: int) -> list[Job]:
    return [jobs.popleft() for _ in range(min(most, len(jobs)))]
