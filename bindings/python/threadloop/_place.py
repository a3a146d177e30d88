# SPDX-License-Identifier: LGPL-2.1-or-later

"""Where work runs: a queue on Python's side, which the library's threads drain.

A call from C into Python costs more than most tasks do. So a task is not a
call: it is put in a queue here, and a bell is rung for a thread of the library
to come and look at the queue, until that is empty. While threads are at it,
nothing is rung.
"""

from __future__ import annotations

import asyncio
import asyncio.base_events
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import Context
from types import CoroutineType
from typing import Any

from ._future import PENDING, RUNNING, Future, _current
from ._lanes import Entrance, Lanes
from ._local import local
from ._native import GLib
from ._thread import loop_of_thread, n_processors
from .exceptions import QueueFullError

#: From how many cancelled futures on it is worth to look whether they are most of a queue.
MANY_REMOVED = 1024

#: What has become of a task: its outcome is a result, or an error, or somebody
#: else settles it.
RETURNED, FAILED, ELSEWHERE = 1, 2, 3

_places: weakref.WeakSet[Place] = weakref.WeakSet()

#: Set at the end of the interpreter: nothing is accepted any more.
exiting = False


def is_async(result: object) -> bool:
    """Whether a function has returned a result, or the promise of one.

    A coroutine, or what Tornado's coroutines return: a future of the thread's
    own loop. Other futures are results, as they are for everybody's executors.
    """
    if isinstance(result, CoroutineType):
        return True
    try:
        is_future = asyncio.isfuture(result)
    except AttributeError:
        # A GParamSpec, which has no `__class__` in PyGObject 3.42.
        return False
    return is_future and result.get_loop() is loop_of_thread()  # type: ignore[attr-defined]


class Place:
    """A queue and what drains it. The face of it is an `Executor`.

    It does not know the face: when that has gone, what was accepted still
    runs, and the place ends itself.
    """

    def __init__(self, name: str, max_queued: int) -> None:
        self.name = name
        self.max_queued = max_queued
        self.fails_when_full = False
        # Whether who waits looks on for a moment before it sleeps. On a single
        # processor that would keep the others from what it waits for.
        self.looks = n_processors() > 1
        # Guards what is below, and the states of the futures of this place. Who
        # wants a future's `_condition` as well takes that first. Nothing is
        # called under it. Reentrant, since the collector may call finalizers
        # anywhere.
        self.lock = threading.RLock()
        self.items: deque[Future[Any]] | Lanes = deque()
        self.n_removed = 0
        self.n_drains = 0
        # One for each drain that has just settled a future and will look at
        # the queue next. What is put meanwhile needs nobody else to come, and
        # who waits for a future and then submits the next one meets this.
        self.coming: deque[None] = deque()
        # One for each thread that waits here for more, for a moment: it is
        # called sooner than a bell is rung and heard.
        self.parked: deque[Any] = deque()
        # Who was called and has not come yet: a lookout that was parked, or
        # this, for whose bell a thread is to come. One at a time.
        self.on_way: Any = None
        # How many of `n_drains` have not heard their bell yet. It may ring
        # once too often; see _call_again().
        self.n_rung = 0
        self.closing = self.ended = exiting
        self.refusal: BaseException | None = None
        #: In the child of a fork: nothing of the library's may be touched.
        self.left_behind = False
        self.room: deque[Any] = deque()
        self.end_future: Future[None] = Future()
        self.end_future.name = f"the end of {name}"
        if self.ended:
            self.end_future.set_result(None)
        # The futures that its threads are in, a list for each.
        self.stacks: list[list[Future[Any]]] = []
        self.bell: Any = None
        self.native: Any = None
        _places.add(self)

    # ---- What backends do in their own way ----

    def entrance(self, priority: int) -> Place | Entrance:
        """Where work of that priority is put."""
        raise NotImplementedError

    def join(self, timeout: float | None) -> bool:
        """Waits until the threads have gone, too, after what they ran has ended."""
        raise NotImplementedError

    def may_drain(self) -> bool:
        """With the lock held: whether one more thread may come and drain."""
        raise NotImplementedError

    def before_wait(self, future: Future[Any]) -> None:
        """Called by a thread that is going to wait for the future."""
        raise NotImplementedError

    def is_mine(self) -> bool:
        """Whether the calling thread is one of those that drain."""
        raise NotImplementedError

    def before_wait_for_several(self, future: Future[Any], for_all: bool) -> None:
        """Called by one of its threads that is going to wait for futures of which this is one, or for all of them."""
        raise NotImplementedError

    def before_await(self, future: Future[Any]) -> None:
        """Called by a coroutine that is going to wait for the future."""

    def run_async(self, future: Future[Any], awaitable: Any, context: Context) -> bool:
        """Sees a coroutine to its end. False if somebody else will settle the future."""
        raise NotImplementedError

    # ---- Submitting ----

    def put(self, future: Future[Any]) -> None:
        future._place = self
        try:
            with self.lock:
                closing = self.closing
                full = self.max_queued and len(self.items) - self.n_removed >= self.max_queued
                who = None
                if not closing and not full:
                    # First this, see _call_again().
                    future._queued = True
                    self.items.append(future)
                    if self.on_way is None and len(self.items) > len(self.coming):
                        who = self._next()
            if who is not None:
                who.call()
        except BaseException:
            self._call_again(future)
            raise
        # For what was refused nobody is to come.
        if closing:
            raise self._why_not()
        if full:
            self._put_when_there_is_room(future)

    def _next(self) -> Any:
        """With the lock held, and nobody on the way: who comes next, to be called without the lock."""
        if self.parked:
            # First this, see _call_again().
            self.on_way = self.parked[-1]
            return self.parked.pop()
        if self.may_drain():
            self.n_drains += 1
            self.n_rung += 1
            self.on_way = self
            return self
        return None

    def _call_again(self, future: Future[Any]) -> None:
        """Sees to it that somebody comes, after an exception: Ctrl-C may have come before the call, or after it.

        Who is called twice finds out that it was.
        """
        with self.lock:
            # It may not have got there.
            if future._queued and future not in self.items:
                future._queued = False
            who = self.on_way
            if who is None and len(self.items) > len(self.coming):
                who = self._next()
        if who is not None:
            who.call()

    def _has_come(self) -> bool:
        """With the lock held, by who has heard the bell: False if it was for nobody."""
        if self.n_rung == 0:
            return False
        self.n_rung -= 1
        if self.on_way is self:
            self.on_way = None
        return True

    def _why_not(self) -> BaseException:
        refusal = self.refusal
        if refusal is not None:
            return type(refusal)(*refusal.args)
        if exiting:
            return RuntimeError("cannot schedule new futures after interpreter shutdown")
        return RuntimeError(f"cannot schedule new futures after shutdown of {self.name}")

    def _put_when_there_is_room(self, future: Future[Any]) -> None:
        if self.fails_when_full:
            raise QueueFullError(f"{self.name}: {self.max_queued} wait for their turn already")
        # A worker that waits for its own pool makes the room itself.
        while self.is_mine():
            if not self._run_one():
                break
            with self.lock:
                if len(self.items) - self.n_removed < self.max_queued:
                    break
        mine = self.is_mine()
        waiter = None
        try:
            while True:
                with self.lock:
                    if self.closing:
                        raise self._why_not()
                    if mine or len(self.items) - self.n_removed < self.max_queued:
                        future._queued = True
                        self.items.append(future)
                        who = None if self.on_way is not None else self._next()
                        break
                    waiter = threading.Lock()
                    waiter.acquire()
                    self.room.append(waiter)
                waiter.acquire()
            if who is not None:
                who.call()
        except BaseException:
            # Ctrl-C. The turn that it may have been given is the next one's.
            with self.lock:
                if waiter in self.room:
                    self.room.remove(waiter)
                elif self.room:
                    self.room.popleft().release()
            self._call_again(future)
            raise

    def call(self) -> None:
        try:
            self.bell.ring()
        except GLib.Error as error:
            self._nobody_comes(error)

    def _nobody_comes(self, error: BaseException) -> None:
        with self.lock:
            if not self._has_come():
                return
            self.n_drains -= 1
            alone = self.n_drains == 0
        # With fewer threads it takes longer. With none it would take for ever.
        if alone:
            message = error.message if isinstance(error, GLib.Error) else str(error)
            if not message.startswith(self.name):
                message = f"{self.name}: {message}"
            self.fail_queued(RuntimeError(message))
            self._check_ended()

    def fail_queued(self, error: BaseException) -> None:
        """Settles all that is queued: it will not run."""
        with self.lock:
            futures, self.items = self.items, type(self.items)()
            for future in futures:
                future._queued = False
            self.n_removed = 0
            room, self.room = self.room, deque()
        for lock in room:
            lock.release()
        while futures:
            future = futures.popleft()
            home = future._home
            assert home is not None
            if future._claim():
                future._bury_work()
                future._fail(type(error)(*error.args))
            home.bury(future)
            del future

    def cancel_queued(self) -> None:
        """Cancels what is queued, except for what a thread is on its way to."""
        with self.lock:
            futures = list(self.items)[self.n_free():]
        for future in futures:
            future.cancel()

    def cancel_all(self) -> None:
        """Cancels all that is queued, and asks what runs to stop."""
        # One look at both, so that nothing gets from the one to the other in between.
        with self.lock:
            futures = [*self.items, *self.all_running()]
        for future in futures:
            future.cancel()

    def all_running(self) -> list[Future[Any]]:
        """With the lock held: what runs, or is about to."""
        return [future for stack in self.stacks for future in stack
                if future._state in (PENDING, RUNNING) and future._place is self]

    def n_free(self) -> int:
        """With the lock held: how many threads would take something at once."""
        return len(self.coming) + (self.on_way is not None)

    def removed(self) -> None:
        """A queued future is not to be run from there any more. It stays until somebody comes by.

        It was counted as such when its state changed, under the same lock.
        """
        before: Iterable[Future[Any]] | None = None
        with self.lock:
            if self.room:
                self.room.popleft().release()
            if self.n_removed >= MANY_REMOVED and self.n_removed * 2 > len(self.items):
                # They are let go of without the lock.
                kind = type(self.items)
                before = self._rearrange(
                    lambda futures: kind(future for future in futures if future._state == PENDING))
                self.n_removed = 0
        del before
        if self.closing:
            self._check_ended()

    def _rearrange(self, arrange: Callable[[list[Future[Any]]], deque[Future[Any]] | Lanes]) -> Iterable[Future[Any]]:
        """With the lock held: has another queue take the place of this one, which is given back."""
        while True:
            before = self.items
            futures = list(before)
            after = arrange(futures)
            # A finalizer may have come meanwhile, on this very thread, and have submitted.
            if self.items is before and len(before) == len(futures):
                self.items = after
                return before

    # ---- Draining ----

    def heard(self, error: BaseException | None, *_: object) -> None:
        """A bell was rung: on a thread of the library, or in vain."""
        raise NotImplementedError

    def _run_last(self, running: list[Future[Any]], claimed: bool = False) -> None:
        """Runs the last one in the list, which leaves the list, and settles it."""
        home = running[-1]._home
        assert home is not None
        fate = self._perform(running, claimed)
        if fate != ELSEWHERE:
            running[-1]._finish(fate == FAILED, None)
        # The last reference may be dropped anywhere but here, so that this
        # thread must have no other when it hands this one over.
        home.bury_at(running, -1)

    def _popped(self, future: Future[Any]) -> None:
        """With the lock held: it was taken from the queue."""
        future._queued = False
        if future._state != PENDING:
            self.n_removed -= 1

    def _run_one(self) -> bool:
        """Runs one that is queued, inside of what the calling worker runs, and will put another in its place."""
        running = local.running
        if running is None:
            running = local.running = []
        with self.lock:
            if not self.items:
                return False
            running.append(self.items.popleft())
            self._popped(running[-1])
        self._run_last(running)
        return True

    def _perform(self, running: list[Future[Any]], claimed: bool) -> int:
        """Calls the function of the last one in the list. Its outcome is in place then, unless it is ELSEWHERE.

        When it settles, nothing that the submitter has handed over may be in
        use here any more.
        """
        future = running[-1]
        if not claimed and not future._claim():
            return ELSEWHERE
        if future._shown is not None:
            future._shown[0].set_running()

        context = future._context
        if context is None:
            context = Context()
        fate = RETURNED
        try:
            # Without a variable for the result: nobody else may have it when
            # the future settles, and this frame would be one who has.
            if future._kwargs is None:
                future._outcome = context.run(future._fn, *future._args)  # type: ignore[arg-type]
            else:
                future._outcome = context.run(future._fn, *future._args, **future._kwargs)  # type: ignore[arg-type]
            if type(future._outcome) not in _PLAIN and is_async(future._outcome):
                future._context = context
                awaitable, future._outcome = future._outcome, None
                if not self.run_async(future, awaitable, context):
                    fate = ELSEWHERE
                del awaitable
        except BaseException as exc:
            future._outcome = _without_us(exc)
            fate = FAILED
            if future._name is None:
                future.name  # noqa: B018

        if fate != ELSEWHERE:
            if future._context is None and context:
                future._context = context
            del context
            assert future._home is not None
            future._leave_work(future._home.items)
        # An error's traceback leads to the frame that called its function,
        # which must not lead back.
        del future
        return fate

    # ---- The end ----

    def close(self) -> None:
        """Takes no more. What was accepted still runs."""
        with self.lock:
            self.closing = True
            room, self.room = self.room, deque()
            parked = list(self.parked)
        for lock in room:
            lock.release()
        for lookout in parked:
            lookout.call()
        self._check_ended()

    def _check_ended(self) -> None:
        with self.lock:
            if not self.closing or self.ended or not self.is_at_rest():
                return
            self.ended = True
        self.end()
        self.end_future.set_result(None)

    @property
    def n_queued(self) -> int:
        with self.lock:
            return len(self.items) - self.n_removed

    @property
    def n_running(self) -> int:
        with self.lock:
            return len(self.all_running())

    def is_at_rest(self) -> bool:
        """With the lock held: whether nothing is queued, and nobody drains."""
        return not self.items and self.n_drains == 0

    def end(self) -> None:
        """All has run, and nobody will ring again. May be called on any thread."""

    def wait_ended(self, timeout: float | None) -> bool:
        """Waits until all that was accepted has run. Ctrl-C interrupts it."""
        try:
            self.end_future.result(timeout)
        except TimeoutError:
            return False
        return True

    def stay_behind(self) -> None:
        """In the child of a fork: the threads are still in the parent."""
        error = RuntimeError(
            f"{self.name} was made before this process was forked, and its threads stayed behind in the parent; "
            "make a new executor in the child"
        )
        self.lock = threading.RLock()
        self.left_behind = True
        self.closing = True
        self.refusal = error
        for future in [*self.items, *(future for stack in self.stacks for future in stack)]:
            if future._state in (PENDING, RUNNING):
                future._outer = None
                future._fail(error)
                future._look()
        self.items = deque()
        self.room = deque()
        self.parked = deque()
        self.on_way = None
        self.ended = True
        if not self.end_future.done():
            self.end_future.set_result(None)


#: Results that need not be looked at twice.
_PLAIN = frozenset({type(None), bool, int, float, str, bytes, list, tuple, dict, set})


_OUR_FILES = (os.path.dirname(__file__) + os.sep, asyncio.base_events.__file__)


def _without_us(exc: BaseException) -> BaseException:
    """Takes the frames of who runs the task out of the traceback: they tell nothing, and keep the future alive."""
    traceback = exc.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(_OUR_FILES):
        traceback = traceback.tb_next
    exc.__traceback__ = traceback
    return exc


def _coroutine_object(coroutine: Any) -> Any:
    """Stands for the function of a coroutine that somebody else has called."""
    return coroutine


def as_task(loop: asyncio.AbstractEventLoop, future: Future[Any], awaitable: Any,
            context: Context) -> asyncio.Future[Any]:
    """A task for it on that loop, which knows its future as the current one."""
    if not isinstance(awaitable, CoroutineType):
        return awaitable  # type: ignore[no-any-return]
    context.run(_current.set, future)
    return loop.create_task(awaitable, context=context)


def live_places() -> list[Place]:
    # One without a bell was interrupted while it was made, and nobody has it.
    return [place for place in _places if not place.ended and place.bell is not None]
