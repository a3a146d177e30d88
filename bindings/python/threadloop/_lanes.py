# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a pool's queue is while some of its work is more urgent, or less, than the rest."""

from __future__ import annotations

import heapq
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

_future_of: Any = operator.itemgetter(2)

if TYPE_CHECKING:
    from ._future import Future
    from ._pool import Pool


class Lanes:
    """Does what a deque does for a queue, in the order of priorities, and of arrival inside of one."""

    __slots__ = ("_numbers", "heap", "popleft")

    #: Takes what is first. Nothing of it is written in Python, so that no signal and no finalizer come in between
    #: the look whether there is something and this, and that nothing is lost which has left the queue.
    popleft: Callable[[], Future[Any]]

    def __init__(self, futures: Iterable[Future[Any]] = ()) -> None:
        """With those in it already, in the order of their turns."""
        self.heap = [(future._priority, n, future) for n, future in enumerate(futures)]
        self._numbers = itertools.count(len(self.heap))
        self.popleft = map(_future_of, iter(partial(heapq.heappop, self.heap), None)).__next__

    def append(self, future: Future[Any]) -> None:
        heapq.heappush(self.heap, (future._priority, next(self._numbers), future))

    def __len__(self) -> int:
        return len(self.heap)

    def __iter__(self) -> Iterator[Future[Any]]:
        return iter([future for _, _, future in sorted(self.heap)])


class Entrance:
    """Where work of one priority gets into a pool."""

    __slots__ = ("place", "priority")

    def __init__(self, place: Pool, priority: int) -> None:
        self.place = place
        self.priority = priority

    def put(self, future: Future[Any]) -> None:
        future._priority = self.priority
        self.place.put_in_turn(future)
