# SPDX-License-Identifier: LGPL-2.1-or-later

"""A thread of its own that runs a main context and an asyncio loop, which are one."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import InvalidStateError
from contextvars import Context
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, overload

from . import _exit
from ._context_place import ContextPlace
from ._executor import Executor
from ._future import Future
from ._home import report
from ._local import local
from ._loop import EventLoop
from ._native import Face, GLib, NativeEventThread, Tl, timeout_to_native
from ._thread import Thread, end_loop
from .exceptions import ThreadNotStartedError, WouldDeadlockError

__all__ = ["EventThread"]

P = ParamSpec("P")
T = TypeVar("T")

_counter = itertools.count()


class _ThreadLoop(EventLoop):
    """The loop of a thread whose end others do not know of.

    Whoever hands it something from another thread, with
    `asyncio.run_coroutine_threadsafe()` for example, gets an answer: it is
    cancelled, or refused on the spot. Nothing is taken and then forgotten.
    """

    #: How often the end may be put off by tasks that refuse to end.
    _ROUNDS = 100

    _goes_on = True

    def __init__(self, context: Any) -> None:
        # Guards the question of what the loop still takes.
        # Reentrant, since the collector may call finalizers anywhere.
        self._door = threading.RLock()
        self._ending = False
        self._shut = False
        super().__init__(context)

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any,  # type: ignore[override]
                             context: Context | None = None) -> asyncio.Handle:
        with self._door:
            if self._shut or (self._ending and _is_new_work(callback)):
                raise RuntimeError("Event loop is closed")
            return super().call_soon_threadsafe(callback, *args, context=context)

    def end(self) -> None:
        """Takes no new work; only what belongs to that which it has."""
        with self._door:
            self._ending = True

    def finish(self, cancel_rest: Callable[[], bool]) -> None:
        """On its thread, when nobody iterates the context any more: ends all that is left, and closes.

        `cancel_rest()` cancels what is no task, and says whether there was something.
        """
        self.end()
        try:
            for i in range(self._ROUNDS):
                cancel_rest()
                end_loop(self)
                with self._door:
                    left = bool(self._ready) or bool(asyncio.all_tasks(self))
                    # Whoever goes on calling it cannot keep it from ending.
                    self._shut = not left or i > 0
                if not left and not cancel_rest():
                    break
        finally:
            with self._door:
                self._shut = True
            self.close()


def _is_new_work(callback: object) -> bool:
    # The loop itself is called in the same way, with the results of executors
    # and the ends of subprocesses, which it has to hear of until its end.
    return getattr(callback, "__qualname__", "") == "run_coroutine_threadsafe.<locals>.callback"


class _ThreadPlace(ContextPlace):
    """The queue of an event thread, which gets to all that it has taken before it ends."""

    def runs_all(self) -> bool:
        return self.closing

    def heard(self, error: BaseException | None, *_: object) -> None:
        # The bell of what is more urgent came too late, and this one did not.
        if error is None and self.closing and self.comes_later():
            self._leave_to_the_end()
        else:
            super().heard(error)

    def _nobody_comes(self, error: BaseException) -> None:
        if self.closing:
            self._leave_to_the_end()
        else:
            super()._nobody_comes(error)

    def _leave_to_the_end(self) -> None:
        # A ring that came too late. The thread looks once more before it ends.
        with self.lock:
            if self._has_come():
                self.n_drains -= 1
        self._check_ended()

    def cancel_rest(self) -> bool:
        """On the thread: cancels coroutines that are no tasks of asyncio's, Tornado's for example."""
        with self.lock:
            futures = [future for place in self.family() for future in place.tasks]
        for future in futures:
            if future._task is not None:
                future._task[1].cancel()
        return bool(futures)

    def drain_rest(self) -> None:
        with self.lock:
            family = self.family()
        for place in family:
            with place.lock:
                place.n_drains += 1
                place.n_rung += 1
                place.on_way = place
            place.heard(None)


class _Core:
    """What the thread itself needs. It does not know the face, so that this can be dropped."""

    def __init__(self, name: str, debug: bool | None) -> None:
        self.name = name
        self.debug = debug
        self.native = Tl.EventThread.new(name)
        self.context = self.native.dup_context()
        self.place = _ThreadPlace(name, self.context, self.native.get_executor())
        self.loop: Future[EventLoop] = Future()
        self.loop.name = f"the loop of {name}"
        self.ended: Future[None] = Future()
        self.ended.name = f"the end of {name}"
        self.started = False
        self.stopping = False
        self.thread: Thread | None = None
        self.running: _ThreadLoop | None = None

    def live(self, *_: object) -> bool:
        """The life of the thread."""
        thread = self.thread = Thread(self.name)
        try:
            thread.enter()
            local.running = []
            self._run()
        except BaseException as exc:
            if self.loop.done():
                report(f"Exception ignored at the end of {self.name}", exc, None)
            else:
                self.loop.set_exception(exc)
                return False
        finally:
            asyncio.set_event_loop(None)
            # Callbacks come on this thread, while it is one to Python.
            self.ended.set_result(None)
            thread.leave()
        return True

    def _run(self) -> None:
        loop = _ThreadLoop(self.context)
        if self.debug is not None:
            loop.set_debug(self.debug)
        asyncio.set_event_loop(loop)
        loop._on_stop = self.begin_stop
        loop._enter()
        self.running = loop
        self.loop.set_result(loop)
        try:
            Tl.thread_run()
            # It was told to end. Functions that were accepted before run now
            # at the latest; what is left of coroutines is cancelled below.
            self.begin_stop()
            loop.end()
            self.place.drain_rest()
        finally:
            self.running = None
            loop._on_stop = None
            try:
                loop._leave()
            finally:
                loop.finish(self.place.cancel_rest)

    def begin_stop(self) -> None:
        """Any thread: takes no more work, and ends."""
        with self.place.lock:
            if self.stopping:
                return
            self.stopping = True
            started = self.started
        self.place.close()
        if self.running is not None:
            self.running.end()
        self.native.quit()
        if not started:
            self.never_ran()

    def never_ran(self) -> None:
        """There is no thread, nor will there be."""
        self.loop.cancel()
        # Who has failed to start, and who has stopped it meanwhile, both say so.
        with contextlib.suppress(InvalidStateError):
            self.ended.set_result(None)

    def stay_behind(self) -> None:
        """In the child of a fork, after its place."""
        self.stopping = True
        futures: list[Future[Any]] = [self.loop, self.ended]
        for future in futures:
            if not future.done():
                future.set_result(None)

    def join(self, timeout: float | None) -> bool:
        end_time = None if timeout is None else time.monotonic() + timeout
        try:
            # This one can be interrupted by Ctrl-C; the rest takes no time.
            self.ended.exception(timeout)
            if self.started and not self.place.left_behind:
                rest = None if end_time is None else end_time - time.monotonic()
                self.native.join(timeout_to_native(rest), None)
        except (TimeoutError, GLib.Error):
            return False
        return True


class Startable:
    """What a `with` block starts and stops."""

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, exc_type: type[BaseException] | None, exc: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.stop()


class EventThread(Startable, metaclass=Face):
    """A thread of its own that runs coroutines, functions and GLib sources, as a context manager.

        with Tl.EventThread() as thread:
            print(thread.submit(fetch, url).result())

    Its loop is a complete asyncio loop and a GMainContext at once: asyncio
    libraries, Tornado coroutines, GIO calls and GLib timeouts all run on it,
    one at a time. Leaving the block cancels the coroutines that are left, and
    waits for the end of the thread.

    All methods may be called from every thread.
    """

    native = NativeEventThread

    def __init__(self, name: str | None = None, *, debug: bool | None = None) -> None:
        self._core = _Core(name or f"EventThread-{next(_counter)}", debug)
        self._executor = Executor._of(self._core.place, owns=False)
        self._executor._why_kept = "is the executor of an event thread and cannot be shut down; stop() the thread"
        _exit.event_threads.add(self._core)

    def __del__(self) -> None:
        core = getattr(self, "_core", None)
        if core is not None:
            core.begin_stop()

    def __repr__(self) -> str:
        core = self._core
        state = ("stopped" if core.ended.done() else "stopping" if core.stopping
                 else "running" if core.started else "not started")
        return f"<{type(self).__name__} {core.name!r}: {state}>"

    # ---- Its life ----

    def start(self) -> None:
        """Starts the thread, and returns when its loop runs.

        Raises `RuntimeError` if it was started before: a thread runs once.
        """
        core = self._core
        with core.place.lock:
            if core.place.refusal is not None or (core.place.closing and not core.stopping):
                raise core.place._why_not()
            if core.stopping:
                raise RuntimeError(f"{core.name} was stopped; an event thread runs once, make a new one")
            if core.started:
                raise RuntimeError(f"{core.name} was started before; an event thread runs once, make a new one")
            core.started = True
        core.native.set_thread_func(core.live)
        try:
            core.native.start()
        except GLib.Error as error:
            with core.place.lock:
                core.started = False
                stopping = core.stopping
            if stopping:
                core.never_ran()
                raise RuntimeError(f"{core.name} was stopped; an event thread runs once, make a new one") from None
            if core.loop.done():
                core.loop.result()
            raise RuntimeError(error.message) from None
        core.loop.result()

    def stop(self, timeout: float | None = None) -> None:
        """Ends the thread and waits for that.

        No more work is accepted. Functions that were accepted run; coroutines
        that have not ended are cancelled, async generators and the loop's
        default executor are closed, and every future settles. `timeout` is in
        seconds; when it has passed, `TimeoutError` is raised, and the end goes
        on. It may be called again.
        """
        self._core.begin_stop()
        self.join(timeout)

    def quit(self) -> None:
        """As `stop()`, without waiting. The one form that makes sense on the thread itself."""
        self._core.begin_stop()

    def join(self, timeout: float | None = None) -> None:
        """Waits until the thread has ended, without asking it to."""
        core = self._core
        if not core.started and not core.stopping:
            raise ThreadNotStartedError(f"{core.name} has not been started yet; there is nothing to join")
        if core.thread is threading.current_thread():
            raise WouldDeadlockError(f"would deadlock: {core.name} cannot join itself; use quit() there")
        if not core.join(timeout):
            raise TimeoutError(f"{core.name} has not ended after {timeout} s")

    def is_ready(self) -> bool:
        """Whether it runs and takes work."""
        core = self._core
        return core.started and core.loop.done() and not core.stopping

    def add_done_callback(self, fn: Callable[[Future[None]], object]) -> None:
        """Calls `fn(future)` when the loop has ended, on the thread that ends.

        As `add_done_callback()` of a future; at once if it has ended.
        """
        self._core.ended.add_done_callback(fn)

    async def __aenter__(self) -> Self:
        # It takes no longer than a thread takes to start.
        self.start()
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None,
                        traceback: TracebackType | None) -> None:
        self._core.begin_stop()
        # Whoever leaves the block may be cancelled; the thread ends all the same.
        await asyncio.shield(asyncio.wrap_future(self._core.ended))

    # ---- What it runs ----

    @property
    def name(self) -> str:
        """What the thread is called."""
        return self._core.name

    @property
    def context(self) -> GLib.MainContext:
        """The `GLib.MainContext` that it runs. Sources may be attached before the start."""
        return self._core.context

    @property
    def executor(self) -> Executor:
        """An executor onto the thread, for who wants one, or its `with_priority()`."""
        return self._executor

    def get_loop(self) -> EventLoop:
        """The asyncio loop that it runs. Raises `ThreadNotStartedError` before the start."""
        self._check_started()
        return self._core.loop.result()

    @overload
    def submit(self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args,  # type: ignore[overload-overlap]
               **kwargs: P.kwargs) -> Future[T]: ...
    @overload
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]: ...
    @overload
    def submit(self, fn: Coroutine[Any, Any, T], /) -> Future[T]: ...

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Has a coroutine function, a plain function, a Tornado coroutine or a coroutine run on the thread.

        Raises `ThreadNotStartedError` before the start, `RuntimeError` after the stop.
        """
        if not self._core.started:
            if asyncio.iscoroutine(fn):
                fn.close()
            self._check_started()
        return self._executor.submit(fn, *args, **kwargs)

    def call(self, function: Any, /, *args: Any) -> Future[Any]:
        """Has a function of a library called on the thread, in its turn. See `Executor.call()`.

        Raises `ThreadNotStartedError` before the start, `RuntimeError` after the stop.
        """
        self._check_started()
        return self._executor.call(function, *args)

    def call_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Has `callback(*args)` called on the thread, for who does not want a future."""
        self.get_loop().call_soon_threadsafe(callback, *args)

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Callable[[], None]:
        """Has `callback(*args)` called on the thread in `delay` seconds.

        Gives a function that takes it back. Both may be called on every thread.
        """
        loop = self.get_loop()
        when = loop.time() + delay
        handle: list[asyncio.TimerHandle] = []
        cancelled = threading.Event()

        def call() -> None:
            if not cancelled.is_set():
                callback(*args)

        def schedule() -> None:
            if not cancelled.is_set():
                handle.append(loop.call_at(when, call))

        def cancel() -> None:
            cancelled.set()
            for timer in handle:
                # With the loop, the timer has ended.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(timer.cancel)

        loop.call_soon_threadsafe(schedule)
        return cancel

    def _check_started(self) -> None:
        core = self._core
        if core.place.left_behind:
            raise core.place._why_not()
        if not core.started and not core.stopping:
            raise ThreadNotStartedError(
                f"{core.name} has not been started yet; call start(), or use it in a with block")
