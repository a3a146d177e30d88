# SPDX-License-Identifier: LGPL-2.1-or-later

"""The place that is a pool: threads of the library."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures.thread import BrokenThreadPool
from contextvars import Context
from typing import Any

from ._future import FINISHED, PENDING, RUNNING, Future, _logger, refuse_wait
from ._lanes import Entrance, Lanes
from ._local import local
from ._native import GLib, Tl, timeout_to_native
from ._place import ELSEWHERE, FAILED, RETURNED, Place, as_task
from ._thread import Thread, drop_loop, give_loop, own_loop, usable_loop

#: How long a thread waits for more before it goes back to the library, in microseconds.
LINGER = 50_000


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

    def __init__(self, name: str, max_workers: int, max_queued: int,
                 initializer: Callable[..., object] | None, initargs: tuple[Any, ...]) -> None:
        super().__init__(name, max_queued)
        self.max_workers = max_workers
        # Those on their way into the queue who need one that knows priorities.
        self.in_turn: set[Future[Any]] = set()
        self.native = Tl.Executor.new(name, max_workers)
        # Whoever looks on finds work while the interpreter is still held by
        # who has submitted it.
        self.native.set_spin_time(0)
        self.threads = _Threads(self, initializer, initargs)
        self.native.set_thread_func(self.threads.live)
        # The bell is closed when all has run: until then nothing else need
        # keep the pool alive.
        self.bell = Tl.Bell.new(self.native, self.heard)

    def entrance(self, priority: int) -> Place | Entrance:
        return Entrance(self, priority) if priority else self

    def put_in_turn(self, future: Future[Any]) -> None:
        """As `put()`, for what has a priority. Who never comes here has a plain queue, which costs less."""
        try:
            with self.lock:
                self.in_turn.add(future)
                if not isinstance(self.items, Lanes):
                    self._rearrange(Lanes)
            self.put(future)
        finally:
            with self.lock:
                self.in_turn.discard(future)

    def may_drain(self) -> bool:
        return self.n_drains < self.max_workers

    def heard(self, error: BaseException | None, *_: object) -> None:
        if error is not None:
            self._nobody_comes(error)
            return
        with self.lock:
            if not self._has_come():
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
        if park is None:
            # Not a lock, since that is opened with the interpreter held: who
            # is woken then runs into that, and sleeps again.
            park = local.park = Tl.Lookout.new(-1)
        # It has waited for a call.
        waited = False
        # It is put down in `coming`.
        marked = False
        # What has become of the task before, if there was one.
        fate = 0
        while True:
            settled = fate == ELSEWHERE
            alone = taken = claimed = waits = leaves = False
            who = late = None
            with lock:
                if waited:
                    waited = False
                    if self.on_way is park:
                        self.on_way = None
                    elif park in self.parked:
                        # The call was one too many.
                        self.parked.remove(park)
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
                    if self.items and self.on_way is None:
                        who = self._next()
                    if self.room:
                        self.room.popleft().release()
                elif not self.closing:
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
                who.call()

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
                # Last, so that who wakes finds the interpreter free. A copy, as
                # in _tell(): who gives up may have the list in hand.
                for sleeper in tuple(late or ()):
                    sleeper()
                if not park.wait(LINGER) and self._unpark(park):
                    return
                waited = True
            elif leaves:
                return
            elif taken:
                fate = self._perform(running, claimed)

    def _leave(self) -> bool:
        """With the lock held: whether the thread may leave the queue, which was empty."""
        self.n_drains -= 1
        plain: deque[Future[Any]] = deque()
        items = self.items.heap if isinstance(self.items, Lanes) else self.items
        # No call from here on, in which a finalizer might submit.
        if not items:
            # What had a priority is through.
            if not self.in_turn:
                self.items = plain
            return True
        # A finalizer has submitted in between, on this very thread, and has
        # found it still there.
        self.n_drains += 1
        return False

    def _unpark(self, park: Any) -> bool:
        """Whether the thread may leave. Otherwise it is being called."""
        with self.lock:
            if park in self.parked:
                self.parked.remove(park)
                return self._leave()
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

    def before_wait_for_several(self, future: Future[Any], for_all: bool) -> None:
        # Otherwise another one may settle sooner, and be enough.
        if for_all or (not self._is_taken_soon(future) and future not in (local.running or ())):
            self.before_wait(future)

    def before_await(self, future: Future[Any]) -> None:
        # The loop goes on meanwhile, so that this is for when nobody else would.
        if not self._is_taken_soon(future) or future in (local.running or ()):
            self.before_wait(future)

    def _is_taken_soon(self, future: Future[Any]) -> bool:
        """Whether others run it, or there are enough of them to get to it."""
        with self.lock:
            if future._state != PENDING:
                return True
            n_free = self.n_free()
            # With priorities, something else may come first, and wait for us.
            if n_free == 0 or isinstance(self.items, Lanes):
                return False
            queued = (other for other in self.items if other._state == PENDING)
            return any(other is future for other in itertools.islice(queued, n_free))

    def _run_last(self, running: list[Future[Any]], claimed: bool = False) -> None:
        # Inside of another task, which may be a coroutine.
        if asyncio._get_running_loop() is None:
            super()._run_last(running, claimed)
        else:
            with loop_set_aside():
                super()._run_last(running, claimed)

    def run_async(self, future: Future[Any], awaitable: Any, context: Context) -> bool:
        run_to_its_end(own_loop(), future, awaitable, context)
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
    """Has the calling worker run no loop, though it is inside of one, and have another for whoever wants one."""
    outer = asyncio._get_running_loop()
    # Since Python 3.14 the current task is the thread's and not the loop's.
    swap_task = getattr(asyncio.tasks, "_swap_current_task", None)
    task = swap_task(outer, None) if swap_task is not None else None
    asyncio._set_running_loop(None)
    mine = usable_loop()
    given = give_loop()
    try:
        yield
    finally:
        # asyncio.run() leaves the thread without one.
        asyncio.set_event_loop(given)
        drop_loop()
        asyncio.set_event_loop(mine)
        asyncio._set_running_loop(outer)
        if swap_task is not None:
            swap_task(outer, task)
