# SPDX-License-Identifier: LGPL-2.1-or-later

"""The place that is a main context."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context
from types import CoroutineType
from typing import Any

from ._future import Future, _current, refuse_wait
from ._home import BUDGET
from ._local import local
from ._loop import EventLoop
from ._native import GLib, Tl
from ._place import Place, as_task
from ._thread import owns
from .exceptions import WouldDeadlockError


class ContextPlace(Place):
    """A main context, on whichever thread iterates it.

    Work of another priority competes with the sources of the context as a
    source of that priority does. So it has a queue and a bell of its own: there
    is a place for each priority that was asked for, and one that has them.
    """

    def __init__(self, name: str, context: Any, native: Any, max_queued: int = 0) -> None:
        super().__init__(name, max_queued)
        self.context = context
        self.native = native
        # Coroutines that have not ended. They are on no thread's stack.
        self.tasks: set[Future[Any]] = set()
        # Takes the first step of the coroutines that a drain has come upon.
        self.step_now: Callable[[], None] | None = None
        self.priority: int = GLib.PRIORITY_DEFAULT
        self.parent: ContextPlace | None = None
        # Under the lock of this one, as what is next. Both are empty when it has ended.
        self.children: dict[int, ContextPlace] = {}
        # Those that go first, when they have something.
        self.more_urgent: tuple[ContextPlace, ...] = ()
        self.bell = Tl.Bell.new(native, self.heard)

    def entrance(self, priority: int) -> ContextPlace:
        if priority == self.priority:
            return self
        if not GLib.MININT <= priority <= GLib.MAXINT:
            raise OverflowError(f"{self.name}: {priority} is no priority that a main context knows")
        with self.lock:
            if self.closing or priority in self.children:
                # Those that are closing say so.
                return self.children.get(priority, self)
        child = type(self)(self.name, self.context, self.native)
        child.priority = priority
        child.parent = self
        child.bell.set_priority(priority)
        with self.lock:
            other = self if self.closing else self.children.setdefault(priority, child)
            if other is child:
                family = self.family()
                for i, place in enumerate(family):
                    place.more_urgent = tuple(family[:i])
        if other is not child:
            # Somebody was faster.
            child.ended = True
            child.bell.close(-1)
        return other

    def family(self) -> list[ContextPlace]:
        """With the lock held: it and its children, the most urgent one first."""
        return sorted([self, *self.children.values()], key=lambda place: place.priority)

    def heard(self, error: BaseException | None, *_: object) -> None:
        if error is not None:
            self._nobody_comes(error)
            return
        running = local.running
        if running is None:
            running = local.running = []
        if not self.stacks or self.stacks[0] is not running:
            self.stacks = [running]
        if not self._drain(running):
            self.call()
        step_now, self.step_now = self.step_now, None
        if step_now is not None:
            step_now()
        if self.closing:
            self._check_ended()

    def _drain(self, running: list[Future[Any]]) -> bool:
        """Runs what is queued. False if the loop is to have a turn in between, and a bell to be rung for the rest."""
        end = time.monotonic() + BUDGET
        with self.lock:
            if not self._has_come():
                return True
        while True:
            with self.lock:
                if not self.items:
                    self.n_drains -= 1
                    return True
                running.append(self.items.popleft())
                self._popped(running[-1])
                if self.room:
                    self.room.popleft().release()
            self._run_last(running)
            if (time.monotonic() >= end and not self.runs_all()) or (self.more_urgent and self.comes_later()):
                with self.lock:
                    if not self.items or self.on_way is not None:
                        self.n_drains -= 1
                        return True
                    self.n_rung += 1
                    self.on_way = self
                return False

    def comes_later(self) -> bool:
        """Whether something more urgent is queued. Its bell is heard before the next one of this."""
        return any(place.items for place in self.more_urgent)

    def runs_all(self) -> bool:
        """Whether a drain goes on until the queue is empty, however long that takes."""
        return False

    def may_drain(self) -> bool:
        return self.n_drains == 0

    def is_mine(self) -> bool:
        return owns(self.context)

    def before_wait(self, future: Future[Any]) -> None:
        if self.is_mine():
            raise refuse_wait(future, "the thread of its own main context")

    def before_wait_for_several(self, future: Future[Any], for_all: bool) -> None:
        if for_all:
            self.before_wait(future)

    def _put_when_there_is_room(self, future: Future[Any]) -> None:
        if self.is_mine():
            raise WouldDeadlockError(
                f"would deadlock: the queue of {self.name} is full, and this is the thread that has to empty it"
            )
        super()._put_when_there_is_room(future)

    def run_async(self, future: Future[Any], awaitable: Any, context: Context) -> bool:
        loop = asyncio._get_running_loop()
        if loop is None:
            if isinstance(awaitable, CoroutineType):
                awaitable.close()
            raise RuntimeError(
                f"{self.name}: {future.name} is a coroutine function, and no asyncio loop runs in that main context; "
                "run the program with Tl.run(), or submit it to a Tl.EventThread"
            )
        if future._asked:
            # Between its turn and now. It is cancelled as what has not begun.
            task = as_task(loop, future, awaitable, context)
            task.cancel()
        elif isinstance(loop, EventLoop) and isinstance(awaitable, CoroutineType):
            context.run(_current.set, future)
            task = loop._start_now(awaitable, context)
            self.step_now = loop._step_now
        else:
            task = as_task(loop, future, awaitable, context)
        future._task = (loop, task)
        self.tasks.add(future)
        if task.done():
            self._task_done(future, task)
            return False
        if future._asked:
            task.cancel()
        task.add_done_callback(lambda task: self._task_done(future, task))
        return False

    def _task_done(self, future: Future[Any], task: asyncio.Future[Any]) -> None:
        future._task = None
        self.tasks.discard(future)
        home = future._home
        assert home is not None
        future._bury_work()
        if task.cancelled():
            future._asked = True
            future._settle_cancelled()
        else:
            failed = task.exception() is not None
            future._outcome = task.exception() if failed else task.result()
            future._finish(failed, None)
        home.bury(future)
        self._check_ended()

    def all_running(self) -> list[Future[Any]]:
        # A coroutine in its first step is both.
        return list({*super().all_running(), *self.tasks})

    # The queue of a child is under the lock of that one, and nobody takes that with the lock held.

    def all_children(self) -> list[ContextPlace]:
        with self.lock:
            return list(self.children.values())

    @property
    def n_queued(self) -> int:
        return super().n_queued + sum(child.n_queued for child in self.all_children())

    @property
    def n_running(self) -> int:
        return super().n_running + sum(child.n_running for child in self.all_children())

    def cancel_queued(self) -> None:
        super().cancel_queued()
        for child in self.all_children():
            child.cancel_queued()

    def cancel_all(self) -> None:
        super().cancel_all()
        for child in self.all_children():
            child.cancel_all()

    def n_free(self) -> int:
        # Nobody may ever iterate the context.
        return 0

    def close(self) -> None:
        with self.lock:
            # Before the children: from here on there are no more.
            self.closing = True
            children = list(self.children.values())
        for child in children:
            child.close()
        super().close()

    def is_at_rest(self) -> bool:
        # Nobody may ever iterate the context, and hear the bell that was rung
        # for what has been cancelled since.
        return (len(self.items) == self.n_removed and self.n_drains == self.n_rung and not self.tasks
                and all(child.ended for child in list(self.children.values())))

    def stay_behind(self) -> None:
        # What runs on this very thread goes on.
        self.stacks = [list(self.tasks)]
        super().stay_behind()

    def end(self) -> None:
        self.bell.close(-1)
        # Cancelled ones, which are let go of without the lock.
        with self.lock:
            items, self.items = self.items, deque()
            self.n_removed = 0
        del items
        parent = self.parent
        if parent is not None:
            parent._check_ended()
            return
        # They know of each other.
        with self.lock:
            for place in self.family():
                place.more_urgent = ()
            self.children.clear()

    def join(self, timeout: float | None) -> bool:
        return True
