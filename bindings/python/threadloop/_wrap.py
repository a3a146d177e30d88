# SPDX-License-Identifier: LGPL-2.1-or-later

"""Other people's futures, at home in the GLib main loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from concurrent.futures import InvalidStateError
from typing import Any, TypeVar, overload

from ._future import Future, _describe, refuse_wait
from ._native import Tl
from ._wrap_native import wrap_native

__all__ = ["wrap_future"]

T = TypeVar("T")

#: What is needed of a future that is not of a known kind.
_METHODS = ("add_done_callback", "cancel", "cancelled", "exception", "result")


class _Wrapped(Future[T]):
    """Follows another future, and hands on to it that it was cancelled."""

    #: None when it has settled, so that the two do not keep each other alive.
    _source: Any = None

    def running(self) -> bool:
        source = self._source
        if source is None:
            return False
        running = getattr(source, "running", None)
        return bool(running()) if running is not None else True

    def cancel(self) -> bool:
        # The base class does what is to be done here; it finds work that
        # runs, which only its owner can stop.
        done = super().cancel()
        source = self._source
        if done or source is None:
            return done
        loop = _loop_of(source)
        if loop is None or loop is asyncio._get_running_loop():
            source.cancel()
        else:
            try:
                loop.call_soon_threadsafe(source.cancel)
            except RuntimeError:
                # The loop was closed, and what it has left never ends.
                self._follow_cancelled()
        return self.cancelled()

    def _wait(self, timeout: float | None) -> None:
        source = self._source
        if source is not None and _loop_of(source) is (asyncio._get_running_loop() or source):
            raise refuse_wait(self, "the thread of its asyncio loop")
        super()._wait(timeout)

    def _follow_cancelled(self) -> None:
        self._source = None
        self._settle_cancelled()

    def _follow(self, source: Any) -> None:
        """Takes over what the other has come to. Whoever was faster has settled it."""
        self._source = None
        if source.cancelled():
            self._settle_cancelled()
            return
        exc = source.exception()
        try:
            if exc is not None:
                self.set_exception(exc)
            else:
                self.set_result(source.result())
        except InvalidStateError:
            pass


def _loop_of(source: Any) -> asyncio.AbstractEventLoop | None:
    return source.get_loop() if asyncio.isfuture(source) else None


@overload
def wrap_future(f: concurrent.futures.Future[T]) -> Future[T]: ...
@overload
def wrap_future(f: asyncio.Future[T]) -> Future[T]: ...
@overload
def wrap_future(f: Any) -> Future[Any]: ...

def wrap_future(f: Any) -> Future[Any]:
    """Gives a `Future` that follows another executor's: with `on_done()`, `await`, `progress`.

    It takes futures of `concurrent.futures`, thus those of
    `ThreadPoolExecutor`, `ProcessPoolExecutor` and of the executor that
    `dask.distributed`'s `Client.get_executor()` gives; futures and tasks of
    asyncio, thus Tornado's futures, on whichever thread their loop runs; and
    what has their methods, such as Dask's own. It takes the `Tl.Future` of the
    C library, as libraries that build on that return it. A `Future` of ours is
    returned as it is.

    Results and errors come through as they are, with the errors' tracebacks.
    Those of the C library are what PyGObject makes of values, and
    `GLib.Error`s. `cancel()` is handed on to the other future, and its word
    counts.

    Raises `TypeError` for what is no future.
    """
    if isinstance(f, Future):
        ours: Future[Any] = f
        return ours
    if isinstance(f, Tl.Future):
        return wrap_native(f)
    if not _is_future(f):
        raise TypeError(_what_is_wanted(f))
    future: _Wrapped[Any] = _Wrapped()
    future.name = _name_of(f)
    future.set_running_or_notify_cancel()
    future._source = f
    loop = _loop_of(f)
    # Only on its own thread may a callback be added to asyncio's.
    if loop is None or loop is asyncio._get_running_loop():
        f.add_done_callback(future._follow)
    elif f.done():
        future._follow(f)
    else:
        loop.call_soon_threadsafe(f.add_done_callback, future._follow)
    return future


def _is_future(f: Any) -> bool:
    if isinstance(f, concurrent.futures.Future) or asyncio.isfuture(f):
        return True
    # A class has methods, too, and they are not those of a future.
    return not isinstance(f, type) and all(callable(getattr(f, name, None)) for name in _METHODS)


def _what_is_wanted(f: object) -> str:
    wanted = ("wrap_future() wants a future of concurrent.futures, asyncio, Tornado, Dask or the library, "
              f"and got {_describe(f)}")
    if asyncio.iscoroutine(f):
        f.close()
        return f"{wanted}; a coroutine has no future yet: asyncio.ensure_future() makes one, as does submit()"
    if callable(f):
        return f"{wanted}; to have a function run, submit() it to an executor"
    return wanted


def _name_of(f: Any) -> str:
    get_name: Callable[[], str] | None = getattr(f, "get_name", None)
    return get_name() if get_name is not None else type(f).__qualname__
