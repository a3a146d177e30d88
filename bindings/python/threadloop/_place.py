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
import contextlib
import os
import select
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures.thread import BrokenThreadPool
from contextvars import Context
from types import CoroutineType
from typing import Any

from ._future import (
    CANCELLED_AND_NOTIFIED,
    FINISHED,
    PENDING,
    RUNNING,
    Future,
    _current,
    _logger,
    is_cancellation,
    refuse_wait,
)
from ._home import BUDGET
from ._local import local
from ._loop import EventLoop
from ._native import GLib, Tl, timeout_to_native
from ._thread import Thread, drop_loop, give_loop, loop_of_thread, own_loop, owns
from .exceptions import WouldDeadlockError

#: From how many cancelled futures on it is worth to look whether they are most of a queue.
MANY_REMOVED = 1024

#: What has become of a task: its outcome is a result, or an error, or somebody
#: else settles it.
RETURNED, FAILED, ELSEWHERE = 1, 2, 3

#: How long a thread waits for more before it goes back to the library, in seconds.
LINGER = 0.05

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
    return asyncio.isfuture(result) and result.get_loop() is loop_of_thread()


#: Elsewhere a worker goes back to the library at once.
_CAN_PARK = hasattr(os, "eventfd") and hasattr(select, "epoll")


class _Park:
    """Where a thread waits for a call. Not a lock, since that is opened with the interpreter held.

    Who is woken then runs into that, and sleeps again; a byte is sent without
    it, so that there is one change of threads where there were three.
    """

    __slots__ = ("_counter", "_edges")

    def __init__(self) -> None:
        self._counter = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)  # type: ignore[attr-defined]
        self._edges = select.epoll(1)
        # Each write is an edge, so that nothing need be read.
        self._edges.register(self._counter, select.EPOLLIN | select.EPOLLET)

    def __del__(self) -> None:
        os.close(self._counter)

    def release(self) -> None:
        os.eventfd_write(self._counter, 1)  # type: ignore[attr-defined]

    def acquire(self) -> bool:
        """Waits for a call, not for ever: False if there was none."""
        return bool(self._edges.poll(LINGER))


class Place:
    """A queue and what drains it. The face of it is an `Executor`.

    It does not know the face: when that has gone, what was accepted still
    runs, and the place ends itself.
    """

    #: What the threads are, for messages.
    kind = "executor"

    def __init__(self, name: str, max_queued: int) -> None:
        self.name = name
        self.max_queued = max_queued
        # Guards what is below. Nothing is called under it, and no future is
        # locked. Reentrant, since the collector may call finalizers anywhere.
        self.lock = threading.RLock()
        self.items: deque[Future[Any]] = deque()
        self.n_removed = 0
        self.n_drains = 0
        # One for each drain that has just settled a future and will look at
        # the queue next. What is put meanwhile needs nobody else to come, and
        # who waits for a future and then submits the next one meets this.
        self.coming: deque[None] = deque()
        # One for each thread that waits here for more, for a moment: a lock
        # is opened sooner than a bell is rung and heard.
        self.parked: deque[Any] = deque()
        self.ringing = False
        self.closing = self.ended = exiting
        self.refusal: BaseException | None = None
        #: In the child of a fork: nothing of the library's may be touched.
        self.left_behind = False
        self.room: deque[Any] = deque()
        self.end_future: Future[None] = Future()
        self.end_future.name = f"the end of {name}"
        # The futures that its threads are in, a list for each.
        self.stacks: list[list[Future[Any]]] = []
        self.bell: Any = None
        self.native: Any = None
        _places.add(self)

    # ---- What backends do in their own way ----

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

    def before_await(self, future: Future[Any]) -> None:
        """Called by a coroutine that is going to wait for the future."""

    def run_async(self, future: Future[Any], awaitable: Any, context: Context) -> bool:
        """Sees a coroutine to its end. False if somebody else will settle the future."""
        raise NotImplementedError

    # ---- Submitting ----

    def put(self, future: Future[Any]) -> None:
        with self.lock:
            if self.closing:
                raise self._why_not()
            if self.max_queued and len(self.items) - self.n_removed >= self.max_queued:
                full = True
            else:
                full = False
                self.items.append(future)
                future._queued = True
                who = None
                if not self.ringing and len(self.items) > len(self.coming):
                    who = self._next()
        if full:
            self._put_when_there_is_room(future)
        elif who is not None:
            who.release()

    def _next(self) -> Any:
        """With the lock held, and nobody on the way: who comes next, to be released without the lock."""
        if self.parked:
            self.ringing = True
            return self.parked.pop()
        if self.may_drain():
            self.ringing = True
            self.n_drains += 1
            return self
        return None

    def _why_not(self) -> BaseException:
        refusal = self.refusal
        if refusal is not None:
            return type(refusal)(*refusal.args)
        if exiting:
            return RuntimeError("cannot schedule new futures after interpreter shutdown")
        return RuntimeError(f"cannot schedule new futures after shutdown of {self.name}")

    def _put_when_there_is_room(self, future: Future[Any]) -> None:
        # A worker that waits for its own pool makes the room itself.
        while self.is_mine():
            if not self._run_one():
                break
            with self.lock:
                if len(self.items) - self.n_removed < self.max_queued:
                    break
        mine = self.is_mine()
        waiter = None
        while True:
            with self.lock:
                if self.closing:
                    raise self._why_not()
                if mine or len(self.items) - self.n_removed < self.max_queued:
                    self.items.append(future)
                    future._queued = True
                    who = None if self.ringing else self._next()
                    break
                waiter = threading.Lock()
                waiter.acquire()
                self.room.append(waiter)
            try:
                waiter.acquire()
            except BaseException:
                # Ctrl-C. The turn that it may have been given is the next one's.
                with self.lock:
                    if waiter in self.room:
                        self.room.remove(waiter)
                    elif self.room:
                        self.room.popleft().release()
                raise
        if who is not None:
            who.release()

    def release(self) -> None:
        try:
            self.bell.ring()
        except GLib.Error as error:
            self._nobody_comes(error)

    def _nobody_comes(self, error: BaseException) -> None:
        with self.lock:
            self.ringing = False
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
            futures, self.items = self.items, deque()
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

    def n_free(self) -> int:
        """With the lock held: how many threads would take something at once."""
        return len(self.coming) + self.ringing

    def removed(self) -> None:
        """A queued future is not to be run from there any more. It stays until somebody comes by.

        It was counted as such when its state changed, under the same lock.
        """
        before: deque[Future[Any]] | None = None
        with self.lock:
            if self.room:
                self.room.popleft().release()
            if self.n_removed >= MANY_REMOVED and self.n_removed * 2 > len(self.items):
                # They are let go of without the lock.
                before = self.items
                self.items = deque(future for future in before if future._state == PENDING)
                self.n_removed = 0
        del before

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
            if future._outcome.__class__ not in _PLAIN and is_async(future._outcome):
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
            parked, self.parked = self.parked, deque()
        for lock in (*room, *parked):
            lock.release()
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
            return sum(future._state == RUNNING for stack in self.stacks for future in stack)

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


class _Threads:
    """The hook around the life of a pool's threads.

    It does not know the pool: the library keeps it until the last thread has
    ended, which may be long after the pool has.
    """

    def __init__(self, pool: Pool, initializer: Callable[..., object] | None, initargs: tuple[Any, ...]) -> None:
        self.pool = weakref.ref(pool)
        self.name = pool.name
        self.initializer = initializer
        self.initargs = initargs
        self.n = 0
        self.lock = threading.Lock()

    def live(self, *_: object) -> bool:
        with self.lock:
            n, self.n = self.n, self.n + 1
        thread = Thread(f"{self.name}_{n}")
        running: list[Future[Any]] = []
        try:
            thread.enter()
            self._move_in(running)
            if not self._initialize():
                return False
            Tl.thread_run()
            return True
        except BaseException:
            _logger.critical("Exception in a thread of %s:", self.name, exc_info=True)
            self._break_down()
            return False
        finally:
            drop_loop()
            self._move_out(running)
            thread.leave()

    def _initialize(self) -> bool:
        if self.initializer is None:
            return True
        try:
            self.initializer(*self.initargs)
        except BaseException:
            _logger.critical("Exception in initializer:", exc_info=True)
            self._break_down()
            return False
        return True

    def _move_in(self, running: list[Future[Any]]) -> None:
        local.place = self.pool
        local.running = running
        give_loop()
        pool = self.pool()
        if pool is not None:
            with pool.lock:
                pool.stacks.append(running)

    def _move_out(self, running: list[Future[Any]]) -> None:
        pool = self.pool()
        if pool is not None:
            with pool.lock:
                pool.stacks = [stack for stack in pool.stacks if stack is not running]

    def _break_down(self) -> None:
        pool = self.pool()
        if pool is not None:
            pool.break_down()


class Pool(Place):
    """Threads of the library."""

    kind = "pool"

    def __init__(self, name: str, max_workers: int, max_queued: int,
                 initializer: Callable[..., object] | None, initargs: tuple[Any, ...]) -> None:
        super().__init__(name, max_queued)
        self.max_workers = max_workers
        self.native = Tl.Executor.new(name, max_workers)
        # Whoever looks on finds work while the interpreter is still held by
        # who has submitted it.
        self.native.set_spin_time(0)
        self.threads = _Threads(self, initializer, initargs)
        self.native.set_thread_func(self.threads.live)
        # The bell is closed when all has run: until then nothing else need
        # keep the pool alive.
        self.bell = Tl.Bell.new(self.native, self.heard)

    def may_drain(self) -> bool:
        return self.n_drains < self.max_workers

    def heard(self, error: BaseException | None, *_: object) -> None:
        if error is not None:
            self._nobody_comes(error)
            return
        running = local.running
        assert running is not None
        depth = len(running)
        self._drain(running)
        assert len(running) == depth
        if self.closing:
            self._check_ended()

    def _drain(self, running: list[Future[Any]]) -> None:
        """Runs what is queued, and stays a little for what comes.

        The end of a task and the beginning of the next are one critical
        section, since entering one costs as much as all the rest. What takes
        longer, or calls out, is done after it: the booleans say what.
        """
        lock = self.lock
        coming = self.coming
        park = local.park
        if park is None and _CAN_PARK:
            park = local.park = _Park()
        # A bell or a call has brought it here.
        called = True
        # It is put down in `coming`.
        marked = False
        # What has become of the task before, if there was one.
        fate = 0
        while True:
            settled = fate == ELSEWHERE
            alone = taken = claimed = waits = leaves = False
            who = late = None
            with lock:
                if called:
                    self.ringing = called = False
                elif marked:
                    coming.pop()
                    marked = False
                if fate == RETURNED:
                    future = running[-1]
                    if future._outer is None and future._state == RUNNING:
                        future._result = future._outcome
                        future._outcome = None
                        future._state = FINISHED
                        settled = True
                        # Callbacks may take their time, and wait for others.
                        alone = future._callbacks is not None or future._shown is not None
                    del future
                if fate and (alone or not settled):
                    # That first, and then another look.
                    pass
                elif self.items:
                    taken = True
                    running.append(self.items.popleft())
                    future = running[-1]
                    future._queued = False
                    if future._state != PENDING:
                        self.n_removed -= 1
                    elif future._outer is None:
                        future._state = RUNNING
                        claimed = True
                    del future
                    if self.items and not self.ringing:
                        who = self._next()
                    if self.room:
                        self.room.popleft().release()
                elif park is not None and not self.closing:
                    waits = True
                    self.parked.append(park)
                elif fate:
                    # Who waits for it may have more, and find us here.
                    coming.append(None)
                    marked = True
                else:
                    leaves = self._leave()

            # Now, since the task may take its time.
            if who is not None:
                who.release()

            if fate:
                last = -2 if taken else -1
                home = running[last]._home
                assert home is not None
                if not settled:
                    marked = running[last]._finish(fate == FAILED, coming)
                elif fate == RETURNED and (alone or running[last]._sleepers is not None):
                    if waits:
                        late, running[last]._sleepers = running[last]._sleepers, None
                    else:
                        running[last]._tell()
                # As in _run_last().
                home.bury_at(running, last)
                fate = 0

            if waits:
                # Last, so that who wakes finds the interpreter free.
                for sleeper in late or ():
                    sleeper.release()
                if not park.acquire() and self._unpark(park):
                    return
                called = True
            elif leaves:
                return
            elif taken:
                fate = self._perform(running, claimed)

    def _leave(self) -> bool:
        """With the lock held: whether the thread may leave the queue, which was empty."""
        self.n_drains -= 1
        if not self.items:
            return True
        # A finalizer has submitted in between, on this very thread, and has
        # found it still there.
        self.n_drains += 1
        return False

    def _unpark(self, park: _Park) -> bool:
        """Whether the thread may leave. Otherwise somebody has called it."""
        with self.lock:
            if park in self.parked:
                self.parked.remove(park)
                return self._leave()
        while not park.acquire():
            pass
        return False

    def n_free(self) -> int:
        return super().n_free() + self.max_workers - self.n_drains

    def is_mine(self) -> bool:
        place = local.place
        return place is not None and place() is self  # type: ignore[operator]

    def before_wait(self, future: Future[Any]) -> None:
        if not self.is_mine():
            return
        running = local.running
        assert running is not None
        if future in running:
            raise refuse_wait(future, "its own thread")
        # Still queued: run it here. Its place in the queue is a tombstone then.
        if future._claim():
            self.removed()
            running.append(future)
            # See the end of _perform().
            del future
            self._run_last(running, claimed=True)

    def before_await(self, future: Future[Any]) -> None:
        with self.lock:
            free = self.n_free()
        # The loop goes on meanwhile, so that this is for when nobody else would.
        if free == 0 or future in (local.running or ()):
            self.before_wait(future)

    def run_async(self, future: Future[Any], awaitable: Any, context: Context) -> bool:
        if asyncio._get_running_loop() is None:
            run_to_its_end(own_loop(), future, awaitable, context)
            return True
        # Inside of a coroutine on this very worker, which waits for this one.
        with loop_set_aside():
            loop = asyncio.SelectorEventLoop()
            try:
                run_to_its_end(loop, future, awaitable, context)
            finally:
                loop.close()
        return True

    def break_down(self) -> None:
        error = BrokenThreadPool("A thread initializer failed, the thread pool is not usable anymore")
        with self.lock:
            self.refusal = error
        self.close()
        self.fail_queued(error)

    def end(self) -> None:
        self.bell.close(-1)
        try:
            self.native.shutdown(Tl.Shutdown.DRAIN, 0, None)
        except GLib.Error:
            # It goes on without us.
            pass

    def when_gone(self, callback: Callable[..., object]) -> None:
        """Has it called in the thread-default main context when the threads have gone, after the end."""
        self.native.shutdown_async(Tl.Shutdown.DRAIN, None, callback)

    def join(self, timeout: float | None) -> bool:
        if self.left_behind:
            return True
        try:
            return bool(self.native.shutdown(Tl.Shutdown.DRAIN, timeout_to_native(timeout), None))
        except GLib.Error:
            return False


def as_task(loop: asyncio.AbstractEventLoop, future: Future[Any], awaitable: Any,
            context: Context) -> asyncio.Future[Any]:
    """A task for it on that loop, which knows its future as the current one."""
    if not isinstance(awaitable, CoroutineType):
        return awaitable  # type: ignore[no-any-return]
    context.run(_current.set, future)
    return loop.create_task(awaitable, context=context)


def run_to_its_end(loop: asyncio.AbstractEventLoop, future: Future[Any], awaitable: Any, context: Context) -> None:
    """Runs it on that loop, which is the calling thread's to run."""
    try:
        task = as_task(loop, future, awaitable, context)
        future._task = (loop, task)
        if future._asked:
            task.cancel()
        future._outcome = loop.run_until_complete(task)
    except asyncio.CancelledError:
        future._asked = True
        raise
    finally:
        future._task = None


@contextlib.contextmanager
def loop_set_aside() -> Iterator[None]:
    """Has the calling thread run no loop, though it is inside of one."""
    outer = asyncio._get_running_loop()
    # Since Python 3.14 the current task is the thread's and not the loop's.
    swap_task = getattr(asyncio.tasks, "_swap_current_task", None)
    task = swap_task(outer, None) if swap_task is not None else None
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        if swap_task is not None:
            swap_task(outer, task)


class ContextPlace(Place):
    """A main context, on whichever thread iterates it."""

    kind = "context"
    def __init__(self, name: str, context: Any, native: Any, max_queued: int = 0) -> None:
        super().__init__(name, max_queued)
        self.context = context
        self.native = native
        # Coroutines that have not ended. They are on no thread's stack.
        self.tasks: set[Future[Any]] = set()
        # Takes the first step of the coroutines that a drain has come upon.
        self.step_now: Callable[[], None] | None = None
        self.bell = Tl.Bell.new(native, self.heard)

    def heard(self, error: BaseException | None, *_: object) -> None:
        if error is not None:
            self._nobody_comes(error)
            return
        running = local.running
        if running is None:
            running = local.running = []
        if not self._drain(running):
            self.release()
        step_now, self.step_now = self.step_now, None
        if step_now is not None:
            step_now()
        if self.closing:
            self._check_ended()

    def _drain(self, running: list[Future[Any]]) -> bool:
        """Runs what is queued. False if the loop is to have a turn in between, and a bell to be rung for the rest."""
        end = time.monotonic() + BUDGET
        with self.lock:
            self.ringing = False
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
            if time.monotonic() >= end and not self.runs_all():
                with self.lock:
                    if not self.items or self.ringing:
                        self.n_drains -= 1
                        return True
                    self.ringing = True
                return False

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

    @property
    def n_running(self) -> int:
        running = local.running if self.is_mine() else None
        return len(self.tasks) + (len(running) if running else 0)

    def is_at_rest(self) -> bool:
        return super().is_at_rest() and not self.tasks

    def stay_behind(self) -> None:
        self.stacks.append(list(self.tasks))
        super().stay_behind()

    def end(self) -> None:
        self.bell.close(-1)

    def join(self, timeout: float | None) -> bool:
        return True


def live_places() -> list[Place]:
    return [place for place in _places if not place.ended]


__all__ = [
    "CANCELLED_AND_NOTIFIED",
    "ContextPlace",
    "Place",
    "Pool",
    "_coroutine_object",
    "is_cancellation",
    "live_places",
]
