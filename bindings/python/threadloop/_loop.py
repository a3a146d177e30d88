# SPDX-License-Identifier: LGPL-2.1-or-later
"""An asyncio event loop that is a GMainContext.

The loop is CPython's own selector loop, so that sockets, pipes, subprocesses and signals are what they
are everywhere. Only its wait is replaced: the selector's epoll descriptor is polled by one GLib source,
whose ready time stands for the next timer, and the dispatch of that source takes the loop's steps. So
the loop advances whoever iterates the context: Python, or C code that knows nothing of asyncio.

The source is attached while the loop runs, at default priority. It does not recurse: in a nested main
loop that a coroutine or a callback of this loop starts (a modal dialog), this loop stands still.

A coroutine that goes on and on, with `await asyncio.sleep(0)` to let others have a turn, would have the source
ready all the time, and what is less urgent would never come: GTK draws at a lower priority. So a loop that has
been busy for a while makes way until everything in its context has had a turn.
"""

from __future__ import annotations

import asyncio
import inspect
import selectors
import signal
import sys
import threading
import time
import warnings
from asyncio import events
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, overload

import gi
from gi.repository import Gio, GLib

if TYPE_CHECKING:
    from collections import deque
    from contextvars import Context

try:
    gi.require_version("GLibUnix", "2.0")
    from gi.repository import GLibUnix

    _fd_source_new = GLibUnix.fd_source_new
except (ImportError, ValueError, AttributeError):
    _fd_source_new = GLib.unix_fd_source_new  # before GLib 2.80

try:
    # Below PyGObject's override, which looks for a loop of its own at every iteration.
    _iteration = super(GLib.MainContext, GLib.MainContext).iteration
except AttributeError:
    _iteration = GLib.MainContext.iteration

# How long one dispatch goes on while callbacks make new ones, in seconds: long enough to make the way
# through GLib cheap, short enough for the other sources of the context.
_BUDGET = 0.001

# For how long a loop is busy before it makes way for sources of a lower priority, and for how long they may
# then keep it waiting: half a frame, and enough for them to be seen.
_BUSY = 0.008
_WAY = 0.004

# The latest ready time, in microseconds: a timer that never comes.
_FAR = 1 << 62

_T = TypeVar("_T")


def _is_of_task(error: BaseException) -> bool:
    """Whether it was raised in a step of a task, and not in another callback of a loop."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code is not events.Handle._run.__code__:  # type: ignore
        traceback = traceback.tb_next
    if traceback is None or traceback.tb_next is None:
        return False
    callback = traceback.tb_next.tb_frame.f_code
    return bool(callback.co_flags & inspect.CO_COROUTINE) or callback.co_filename == asyncio.tasks.__file__


class _Selector(getattr(selectors, "EpollSelector", selectors.DefaultSelector)):  # type: ignore[misc]
    """A selector that never waits: GLib does."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        return ready


class EventLoop(asyncio.SelectorEventLoop):
    """A complete asyncio event loop and a `GLib.MainContext` at once.

    Made by `new_event_loop()`. It belongs to the thread that runs it, and as with every asyncio loop only
    `call_soon_threadsafe()` may be called from another one. While it runs, its context is the thread's
    default one, so that asynchronous GIO calls started by its coroutines and callbacks return to it.
    """

    # Whether the loop goes on where a SystemExit or a KeyboardInterrupt would end it, as others do.
    _goes_on = False

    # What is used of CPython's loops (3.11 to 3.14) beyond their documented interface.
    _csock: Any
    _default_executor: Executor | None
    _executor_shutdown_called: bool
    _debug: bool
    _ready: deque[asyncio.Handle]
    _scheduled: list[Any]
    _selector: Any
    _signal_handlers: dict[int, asyncio.Handle]
    _stopping: bool
    _thread_id: int | None
    _asyncgen_firstiter_hook: Any
    _asyncgen_finalizer_hook: Any
    _call_soon: Callable[[Callable[..., object], tuple[Any, ...], Context | None], asyncio.Handle]
    _check_closed: Callable[[], None]
    _check_running: Callable[[], None]
    _set_coroutine_origin_tracking: Callable[[bool], None]

    def __init__(self, context: GLib.MainContext) -> None:
        """Makes a loop, not yet running, for *context*."""
        self._context = context
        self._source: Any = None  # attached exactly while the loop runs
        self._armed = -1  # the ready time of the source, in microseconds
        self._stepping = False
        self._stepped = False
        self._busy_since: float | None = None
        self._way: Any = None  # attached while the loop makes way
        self._woken = False
        self._in_c = False
        self._pushed = False
        self._own_wakeup_fd = False
        self._old_hooks: Any = None
        # Called, on the loop's thread, by stop() while C code iterates the context.
        self._on_stop: Callable[[], object] | None = None
        self._pending_exception: BaseException | None = None
        super().__init__(_Selector())

    @property
    def context(self) -> GLib.MainContext:
        """The context that carries this loop. Any thread."""
        return self._context

    # Running

    def run_forever(self) -> None:
        """Iterates the context until `stop()`. The calling thread becomes the loop's."""
        self._begin()
        try:
            while True:
                self._run_once()
                if self._stopping:
                    break
        finally:
            self._end()

    def stop(self) -> None:
        """Ends `run_forever()` after the callbacks that are ready now. The loop's thread.

        While C code iterates the context, what ends is up to whoever arranged that: an application run by
        `run()` quits. RuntimeError where nothing was arranged.
        """
        if not self._in_c:
            super().stop()
            self._arm()
        elif self._on_stop is not None:
            self._on_stop()
        else:
            raise RuntimeError("C code iterates this loop's context: end that instead")

    def _enter(self) -> None:
        """Marks the loop as running in the calling thread while somebody else iterates the context.

        Ends with `_leave()`, on the same thread. RuntimeError where a loop already runs in this thread,
        or where another thread owns the context.
        """
        self._begin()
        self._in_c = True

    def _leave(self) -> None:
        """Undoes `_enter()`, then raises the KeyboardInterrupt or SystemExit that ended a callback."""
        self._in_c = False
        self._end()
        self._raise_pending()

    # PyGObject 3.50 takes every running loop that has a _context for its own, and asks for these where
    # Python code iterates that context.

    def running(self, _quit: object) -> AbstractContextManager[None]:
        from gi import _ossighelper

        waking: AbstractContextManager[None] = _ossighelper.wakeup_on_signal()
        return waking

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _begin(self) -> None:
        self._check_closed()
        self._check_running()
        if self._stepping:
            raise RuntimeError("A callback of this event loop cannot run it again")
        if not self._context.acquire():
            raise RuntimeError("Another thread iterates the context of this event loop")
        current = GLib.MainContext.get_thread_default() or GLib.MainContext.default()
        self._pushed = current != self._context
        if self._pushed:
            self._context.push_thread_default()
        self._thread_id = threading.get_ident()
        self._old_hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(
            firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook
        )
        self._set_coroutine_origin_tracking(self._debug)
        events._set_running_loop(self)
        self._watch_signals()
        self._source = _fd_source_new(self._selector.fileno(), GLib.IOCondition.IN)
        self._source.set_name("threadloop.EventLoop")
        self._source.set_callback(self._dispatch)
        self._armed = -1
        self._rearm()
        self._source.attach(self._context)

    def _end(self) -> None:
        self._source.destroy()
        self._source = None
        if self._way is not None:
            self._way.destroy()
            self._way = None
        self._busy_since = None
        if self._own_wakeup_fd:
            self._own_wakeup_fd = False
            if not self._signal_handlers:
                fd = signal.set_wakeup_fd(-1)
                if fd != self._csock.fileno():
                    signal.set_wakeup_fd(fd)
        events._set_running_loop(None)
        self._set_coroutine_origin_tracking(False)
        sys.set_asyncgen_hooks(*self._old_hooks)
        self._thread_id = None
        self._stopping = False
        if self._pushed:
            self._context.pop_thread_default()
        self._context.release()

    def _run_once(self) -> None:
        # Returns only after a step of this loop, so that what was ready at stop() still runs.
        self._stepped = False
        while not self._stepped:
            _iteration(self._context, True)
        self._raise_pending()

    def _raise_pending(self) -> None:
        error, self._pending_exception = self._pending_exception, None
        if error is not None:
            try:
                raise error
            finally:
                error = None  # the traceback holds this frame

    # Stepping

    def _dispatch(self, *_data: object) -> bool:
        # Whatever gets out of here is printed by PyGObject and lost.
        try:
            self._advance()
        except BaseException as error:
            self._end_with(error)
        return True

    def _end_with(self, error: BaseException) -> None:
        """Sees to a SystemExit or KeyboardInterrupt that a callback or a task has let out."""
        self._stepped = True
        if self._goes_on and isinstance(error, (SystemExit, KeyboardInterrupt)):
            self._rearm()
            # A task has it, for who waits for that.
            if not _is_of_task(error):
                self.call_exception_handler({"message": "Exit in a callback", "exception": error})
            return
        if self._pending_exception is None:
            self._pending_exception = error
        if self._in_c:
            self._rearm()
            if self._on_stop is not None:
                self._on_stop()

    def _advance(self) -> None:
        self._stepping = True
        try:
            step = super()._run_once  # type: ignore[misc]
            step()
            if self._ready and not self._stopping:
                clock = time.monotonic
                now = clock()
                if self._busy_since is None:
                    self._busy_since = now
                deadline = now + _BUDGET
                while self._ready and not self._stopping and clock() < deadline:
                    step()
        finally:
            self._stepping = False
            self._stepped = True
            self._rearm()
        if not self._ready:
            self._busy_since = None
        elif self._busy_since is not None and not self._stopping:
            self._make_way(self._busy_since)

    def _make_way(self, busy_since: float) -> None:
        """If it is time for that: waits until nothing else in the context is ready, but not for ever."""
        now = time.monotonic()
        if now - busy_since < _BUSY:
            return
        self._busy_since = None
        self._armed = int((now + _WAY) * 1e6)
        self._source.set_ready_time(self._armed)
        if self._way is None:
            self._way = GLib.idle_source_new()
            self._way.set_priority(GLib.PRIORITY_LOW)
            self._way.set_callback(self._way_made)
            self._way.attach(self._context)

    def _way_made(self, *_data: object) -> bool:
        # Not the steps themselves: this source does not keep the other one from recursing.
        self._way = None
        self._arm()
        return False

    def _start_now(self, coroutine: Coroutine[Any, Any, _T], context: Context) -> asyncio.Task[_T]:
        """`create_task()`, and its first step at once: one turn of the loop less for who waits for it.

        The loop's thread, while it runs, and not from one of its tasks. `_step_now()` is to follow.
        """
        if self._stepping:
            return self.create_task(coroutine, context=context)
        n_ready = len(self._ready)
        self._stepping = True
        try:
            task = self.create_task(coroutine, context=context)
            # A task factory may have done something else.
            if len(self._ready) == n_ready + 1:
                try:
                    self._ready.pop()._run()  # type: ignore[attr-defined]
                except (SystemExit, KeyboardInterrupt) as error:
                    self._end_with(error)
        finally:
            self._stepping = False
        return task

    def _step_now(self) -> None:
        """Takes the steps that are due without the way through GLib. The loop's thread, while it runs."""
        if self._source is not None and not self._stepping:
            if self._ready:
                self._dispatch()
            else:
                self._rearm()

    def _arm(self) -> None:
        if self._armed != 0 and self._source is not None:
            self._armed = 0
            self._source.set_ready_time(0)

    def _rearm(self) -> None:
        if self._ready or self._stopping:
            when = 0
        elif self._scheduled:
            # One microsecond later than the time rounded down, so that the timer is due for sure.
            when = int(min(max(0.0, self._scheduled[0].when() * 1e6), _FAR)) + 1
        else:
            when = -1
        if when != self._armed:
            self._armed = when
            self._source.set_ready_time(when)

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        if not self._stepping:
            self._arm()
        if self._debug:
            handle = super().call_soon(callback, *args, context=context)
            if handle._source_traceback:  # type: ignore[attr-defined]
                del handle._source_traceback[-1]  # type: ignore[attr-defined]  # this frame, as CPython does
            return handle
        # What CPython's does without debugging; every step of every task comes through here.
        self._check_closed()
        return self._call_soon(callback, args, context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = super().call_at(when, callback, *args, context=context)
        if handle._source_traceback:  # type: ignore[attr-defined]
            del handle._source_traceback[-1]  # type: ignore[attr-defined]
        if not self._stepping and self._source is not None:
            self._rearm()
        return handle

    # Its default executor: one of the library's, where CPython makes a pool of its own

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        if executor is None and self._default_executor is None:
            # Executors know of loops, so that this one is not known at the top.
            from ._executor import Executor as Pool

            self._default_executor = Pool(thread_name_prefix="asyncio")
        return super().run_in_executor(executor, func, *args)

    def set_default_executor(self, executor: Executor) -> None:
        """Has `run_in_executor(None, ...)` use that executor, of whatever kind it is. The loop's thread.

        The end of the loop shuts it down, unless it is one that others share and that cannot be shut down.
        """
        if not isinstance(executor, Executor):
            raise TypeError(f"a concurrent.futures.Executor is wanted, not {type(executor).__name__}")
        self._default_executor = executor

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Waits, for *timeout* seconds at most, until the default executor has ended. The loop's thread."""
        from ._executor import Executor as Pool

        executor = self._default_executor
        if not isinstance(executor, Pool):
            await super().shutdown_default_executor(*(() if timeout is None else (timeout,)))
            return
        self._executor_shutdown_called = True
        if not executor._owns:
            return
        executor.shutdown(wait=False)
        try:
            await asyncio.wait_for(self._wait_until_gone(executor._place), timeout)
        except TimeoutError:
            warnings.warn(f"The executor did not end its threads within {timeout} seconds",
                          RuntimeWarning, stacklevel=2)

    async def _wait_until_gone(self, pool: Any) -> None:
        await asyncio.shield(asyncio.wrap_future(pool.end_future))
        if not hasattr(pool, "when_gone"):
            # It has no threads.
            return
        gone = self.create_future()
        pool.when_gone(lambda *_: None if gone.done() else gone.set_result(None))
        await gone

    def close(self) -> None:
        """Closes the loop, which may not run. Its default executor is shut down, unless it is shared; nobody waits."""
        if not getattr(self._default_executor, "_owns", True) and not self.is_running():
            self._default_executor = None
        super().close()

    # Waking

    def _write_to_self(self) -> None:
        # One byte wakes the loop for a whole burst of calls from other threads.
        if not self._woken:
            self._woken = True
            try:
                super()._write_to_self()  # type: ignore[misc]
            except BaseException:
                self._woken = False
                raise

    def _read_from_self(self) -> None:
        # Only after it was emptied: a byte that is written in between would be
        # read here, and nobody would write another one. Whoever has skipped
        # writing is seen to at the end of this step.
        try:
            super()._read_from_self()  # type: ignore[misc]
        finally:
            self._woken = False

    def _watch_signals(self) -> None:
        # A signal does not end GLib's wait, but a descriptor it writes to does; then Python runs its handlers.
        if threading.current_thread() is threading.main_thread():
            fd = signal.set_wakeup_fd(self._csock.fileno(), warn_on_full_buffer=False)
            if fd not in (-1, self._csock.fileno()):
                signal.set_wakeup_fd(fd)
            else:
                self._own_wakeup_fd = True

    def remove_signal_handler(self, sig: int) -> bool:
        removed = super().remove_signal_handler(sig)
        if self._source is not None:
            self._watch_signals()
        return removed


def new_event_loop(context: GLib.MainContext | None = None) -> EventLoop:
    """Makes an event loop for *context*, to be run in the calling thread.

    None is the calling thread's thread-default context where it has one, else the global default context
    on the main thread (the one of GTK), else a new one. It suits as the `loop_factory` of `asyncio.Runner`.
    """
    if context is None:
        context = GLib.MainContext.get_thread_default()
    if context is None:
        if threading.current_thread() is threading.main_thread():
            context = GLib.MainContext.default()
        else:
            context = GLib.MainContext.new()
    if not isinstance(context, GLib.MainContext):
        raise TypeError(f"a GLib.MainContext is wanted, not {type(context).__name__}")
    return EventLoop(context)


async def _wait(awaitable: Awaitable[_T]) -> _T:
    return await awaitable


@overload
def run(main: Awaitable[_T], argv: None = None, *, debug: bool | None = None) -> _T: ...
@overload
def run(main: Gio.Application, argv: Sequence[str] | None = None, *, debug: bool | None = None) -> int: ...

def run(
    main: Awaitable[Any] | Gio.Application, argv: Sequence[str] | None = None, *, debug: bool | None = None
) -> Any:
    """Runs a coroutine or an application, with a loop for the calling thread's context (`new_event_loop()`).

    A coroutine is run as by `asyncio.run()`, and its result returned. A `Gio.Application` is run with *argv*,
    and its exit status returned; its handlers may use `asyncio.create_task()` and whatever else wants a
    running loop. In both cases the tasks that are left are cancelled and the loop is closed afterwards.
    Call it once, from the main thread, where no event loop runs.
    """
    if events._get_running_loop() is not None:
        raise RuntimeError("run() cannot be called from a running event loop")
    if isinstance(main, Gio.Application):
        # Applications iterate the global default context, whatever the thread's is.
        loop = new_event_loop(GLib.MainContext.default())
        if debug is not None:
            loop.set_debug(debug)
        try:
            loop._on_stop = main.quit
            loop._enter()
            return main.run(argv)
        finally:
            _shutdown(loop)
    if inspect.iscoroutinefunction(main):
        raise TypeError(f"{main.__name__} is a coroutine function: call it, as in run({main.__name__}())")
    if not inspect.isawaitable(main):
        raise TypeError(f"run() takes a coroutine or a Gio.Application, not {type(main).__name__}")
    if argv is not None:
        raise TypeError("argv is for a Gio.Application")
    with asyncio.Runner(debug=debug, loop_factory=new_event_loop) as runner:
        return runner.run(main if inspect.iscoroutine(main) else _wait(main))


def _shutdown(loop: EventLoop) -> None:
    """Cancels the loop's tasks, closes its async generators and default executor, and closes it.

    The loop's thread, not from a callback of the loop; where it was entered, it is left first, and the
    context iterated from here. Blocks until the tasks have ended.
    """
    try:
        if loop._in_c:
            loop._leave()
    finally:
        if not loop.is_closed():
            with asyncio.Runner(loop_factory=lambda: loop):
                pass
