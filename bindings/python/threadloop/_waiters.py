# SPDX-License-Identifier: LGPL-2.1-or-later

"""`concurrent.futures.wait()` and `as_completed()` on a thread that may have to run what they wait for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._future import Future

__all__ = ["WaitersHere"]


class _Turn(threading.Event):
    """What they sleep on: before that, the thread does what nobody else would."""

    def __init__(self, for_all: bool) -> None:
        super().__init__()
        self.for_all = for_all
        self.futures: list[Future[Any]] = []

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is None or timeout > 0:
            i = 0
            while i < len(self.futures) and not self.is_set():
                future = self.futures[i]
                place = future._place
                if place is None or future.done():
                    # as_completed() comes again, once for each that settles.
                    del self.futures[i]
                    continue
                place.before_wait_for_several(future, self.for_all)
                i += 1
        return super().wait(timeout)


class WaitersHere:
    """Stands for the `_waiters` of a future that has not settled, on a thread of its place."""

    __slots__ = ("future", "waiters")

    def __init__(self, future: Future[Any], waiters: list[Any]) -> None:
        self.future = future
        self.waiters = waiters

    def append(self, waiter: Any) -> None:
        # Nobody sets it yet: all of the futures are locked.
        turn = waiter.event
        if not isinstance(turn, _Turn):
            turn = waiter.event = _Turn(hasattr(waiter, "num_pending_calls"))
        turn.futures.append(self.future)
        self.waiters.append(waiter)

    def remove(self, waiter: Any) -> None:
        self.waiters.remove(waiter)
