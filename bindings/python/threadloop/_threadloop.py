# SPDX-License-Identifier: LGPL-2.1-or-later

"""The library threadloop 1.0.2, by its own names."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, ParamSpec, TypeVar, overload

from ._event_thread import EventThread, Startable
from ._executor import Executor, check_callable
from ._future import Future, _current, _describe
from ._local import local
from ._place import _coroutine_object, is_async
from ._wrap import _Wrapped
from .exceptions import ThreadNotStartedError, WouldDeadlockError

__all__ = ["ThreadLoop", "ThreadLoopExecutor"]

P = ParamSpec("P")
T = TypeVar("T")


class _Guest:
    """A loop that the caller has made, on a thread of ours.

    The counterpart of an `EventThread`, whose loop is its own. The loop stays
    the caller's: when it is stopped, what was submitted here is cancelled, and
    all else on it is left alone.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.executor = Executor(1, "ThreadLoop")
        self.pid = os.getpid()
        # Guards the question of whether it still takes anything.
        self.lock = threading.Lock()
        self.started = False
        self.stopping = False
        self.thread: threading.Thread | None = None
        self.tasks: set[asyncio.Task[Any]] = set()
        self.ended: Future[None] | None = None

    def start(self) -> None:
        with self.lock:
            if self.started or self.stopping:
                raise RuntimeError("the thread was started before; it runs once, make a new ThreadLoop")
            self._check_loop()
            self.started = True
        ready: Future[None] = Future()
        ready.name = "the start of the loop"
        self.ended = self.executor.submit(self._live, ready)
        self.ended.name = "the end of the loop"
        _remember(self)
        ready.result()

    def _check_loop(self) -> None:
        if self.loop.is_closed():
            raise RuntimeError("the loop that the ThreadLoop was given is closed")
        if self.loop.is_running():
            raise RuntimeError(
                "the loop that the ThreadLoop was given runs already, on another thread; make the ThreadLoop without "
                "it, or use asyncio.run_coroutine_threadsafe() to hand coroutines to that loop"
            )

    def _live(self, ready: Future[None]) -> None:
        self.thread = threading.current_thread()
        asyncio.set_event_loop(self.loop)
        # What runs on the loop has futures of its own.
        outer, local.running = local.running, None
        try:
            self.loop.call_soon(ready.set_result, None)
            self.loop.run_forever()
        except BaseException as exc:
            if ready.done():
                raise
            ready.set_exception(exc)
        finally:
            self._cancel_rest()
            local.running = outer
            asyncio.set_event_loop(None)

    def _cancel_rest(self) -> None:
        with self.lock:
            self.stopping = True
        # What was submitted and has not begun is behind this in the queue of
        # the loop: nothing is, when it has run.
        while not self.loop.is_closed():
            self.loop.run_until_complete(asyncio.sleep(0))
            if not self.tasks:
                break
            tasks = list(self.tasks)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not callable(fn):
            check_callable(fn, args, kwargs)
            fn, args = _coroutine_object, (fn,)
        if os.getpid() != self.pid:
            raise RuntimeError("the ThreadLoop was made before this process was forked, and its thread stayed behind "
                               "in the parent; make a new one in the child")
        future: _Wrapped[Any] = _Wrapped()
        future.name = getattr(args[0] if fn is _coroutine_object else fn, "__qualname__", type(fn).__name__)
        context = copy_context()
        with self.lock:
            if self.stopping:
                raise RuntimeError("cannot schedule new futures after the stop of the ThreadLoop")
            self.loop.call_soon_threadsafe(self._begin, future, context, fn, args, kwargs)
        return future

    def _begin(self, future: _Wrapped[Any], context: Context, fn: Callable[..., Any], args: tuple[Any, ...],
               kwargs: dict[str, Any]) -> None:
        if not future.set_running_or_notify_cancel():
            if fn is _coroutine_object:
                args[0].close()
            return

        async def run() -> Any:
            result = fn(*args, **kwargs)
            return await result if is_async(result) else result

        context.run(_current.set, future)
        task = self.loop.create_task(run(), name=future.name, context=context)
        future._source = task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(future._follow)
        if future.cancel_requested():
            task.cancel()

    def is_ready(self) -> bool:
        return self.started and not self.stopping

    def begin_stop(self) -> None:
        with self.lock:
            if self.stopping:
                return
            self.stopping = not self.started
        try:
            self.loop.call_soon_threadsafe(self.loop.stop)
        except RuntimeError:
            # It was closed.
            pass

    def join(self, timeout: float | None) -> None:
        if threading.current_thread() is self.thread:
            raise WouldDeadlockError("would deadlock: a ThreadLoop cannot wait for its own end")
        if self.ended is not None:
            self.ended.exception(timeout)

    def stop(self) -> None:
        self.begin_stop()
        self.join(None)


_guests: weakref.WeakSet[_Guest] = weakref.WeakSet()


@functools.cache
def _register() -> None:
    # Whatever is registered later is called earlier: before the pools are
    # waited for, of which a guest keeps one busy.
    getattr(threading, "_register_atexit", atexit.register)(_at_exit)


def _remember(guest: _Guest) -> None:
    _register()
    _guests.add(guest)


def _at_exit() -> None:
    for guest in list(_guests):
        guest.stop()


class ThreadLoop(Startable):
    """Runs coroutines, Tornado's and Python's, from synchronous code, on the loop of a thread.

        with ThreadLoop() as threadloop:
            future = threadloop.submit(coroutine, "Hello")
            print(future.result())

    It is an `EventThread` with the names of the library threadloop. The
    calling thread's own current loop is left alone.

    `io_loop` is a Tornado IOLoop or an asyncio loop that does not run yet: the
    thread runs that one, and it is still there, to be run or closed, after the
    stop. It is then no GLib main context, however. Raises `TypeError` for what
    is no loop; `start()` raises `RuntimeError` for a loop that runs already.
    """

    def __init__(self, io_loop: Any = None) -> None:
        self._given = io_loop
        self._found: Any = None
        self._thread: EventThread | _Guest
        if io_loop is None:
            self._thread = EventThread()
            return
        loop = getattr(io_loop, "asyncio_loop", io_loop)
        if not isinstance(loop, asyncio.AbstractEventLoop):
            raise TypeError(f"ThreadLoop wants a Tornado IOLoop or an asyncio loop, and got {_describe(io_loop)}")
        self._thread = _Guest(loop)

    def __del__(self) -> None:
        thread = getattr(self, "_thread", None)
        if isinstance(thread, _Guest):
            thread.begin_stop()

    def start(self) -> None:
        """Starts the thread, and returns when its loop runs. Raises `RuntimeError` the second time."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for that. Coroutines that were submitted and have not ended are cancelled."""
        self._thread.stop()

    def is_ready(self) -> bool:
        """Whether the thread runs and takes work."""
        return self._thread.is_ready()

    @property
    def _io_loop(self) -> Any:
        # Not a public name of the original, but old programs use it.
        if self._given is not None:
            return self._given
        if self._found is None:
            from tornado.ioloop import IOLoop

            thread = self._thread
            assert isinstance(thread, EventThread)
            here = asyncio._get_running_loop()
            if here is not None and here is thread.get_loop():
                self._found = IOLoop.current()
            else:
                self._found = thread.submit(IOLoop.current).result()
        return self._found

    io_loop = _io_loop

    @overload
    def submit(self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args,  # type: ignore[overload-overlap]
               **kwargs: P.kwargs) -> Future[T]: ...
    @overload
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]: ...
    @overload
    def submit(self, fn: Coroutine[Any, Any, T], /) -> Future[T]: ...

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Has a Tornado coroutine, a coroutine function or a plain function run on the loop.

        Raises `ThreadNotStartedError` before the start, `RuntimeError` after the stop.
        """
        thread = self._thread
        if isinstance(thread, _Guest) and not thread.started and not thread.stopping:
            if asyncio.iscoroutine(fn):
                fn.close()
            raise ThreadNotStartedError("The thread has not been started yet, make sure you call start() first")
        return thread.submit(fn, *args, **kwargs)


class ThreadLoopExecutor(Executor):
    """A pool that runs plain functions and coroutines, Tornado's included, by an old name.

    It is an `Executor`: each of its threads has an asyncio loop of its own,
    which `IOLoop.current()` finds there.
    """
