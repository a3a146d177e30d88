# SPDX-License-Identifier: LGPL-2.1-or-later

"""The face of a place where work runs: `concurrent.futures.Executor`, and more."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import itertools
import operator
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextvars import copy_context
from types import CoroutineType, TracebackType
from typing import Any, Literal, ParamSpec, Self, TypeVar, overload

from ._call import prepare
from ._context_place import ContextPlace
from ._future import Future, _describe
from ._home import home_of_thread
from ._lanes import Entrance
from ._local import local
from ._native import Face, GLib, NativeExecutor, Tl
from ._place import Place, _coroutine_object
from ._pool import Pool
from .exceptions import WouldDeadlockError

__all__ = ["Executor"]

P = ParamSpec("P")
T = TypeVar("T")

_counter = itertools.count()


def usual_workers() -> int:
    """As many as suit blocking work on this machine."""
    return min(32, (os.cpu_count() or 1) + 4)


def _integer(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {_describe(value)}") from None


def _place_for_context(context: Any) -> Place:
    native = Tl.Executor.new_for_context(context)
    return ContextPlace(native.get_name(), context if context is not None else GLib.MainContext.default(), native)


def check_callable(fn: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Says what is wrong with what was submitted, unless it is a coroutine."""
    if isinstance(fn, CoroutineType) and not args and not kwargs:
        return
    if isinstance(fn, CoroutineType):
        fn.close()
        raise TypeError("submit() got a coroutine and arguments for it; it has its arguments already")
    raise TypeError(
        f"submit() wants a function to call, and got {_describe(fn)}; "
        "drop the parentheses: submit(fn, arg), not submit(fn(arg))"
    )


class Executor(concurrent.futures.Executor, metaclass=Face):
    """A place where work runs: a pool of threads of its own.

    `Executor.for_context()` runs work in a main context, `Executor.main()` on
    the thread of the user interface, and `Executor.default()` is a pool that
    the whole process shares.

    Threads are made when there is work for them, and end when they have been
    idle for fifteen seconds. `max_workers` is how many there may be, by
    default the number of processors and four more, 32 at most. With
    `max_queued` no more than that wait for their turn: submit waits for room,
    or raises `QueueFullError` with `when_full=Tl.WhenFull.FAIL`, which is for
    threads that must not block, as that of a main loop.
    `initializer(*initargs)` is called on each thread before any work.

    Dropping the last reference neither waits nor loses anything: what was
    accepted still runs. `shutdown()`, and leaving a `with` block, wait.
    """

    native = NativeExecutor

    # Of what with_priority() gives: the executor that it was made from.
    _whole: Executor | None = None
    _priority = 0

    # Of those that are not for their owner to shut down: why.
    _why_kept = "is shared by the whole process and cannot be shut down"

    def __init__(self, max_workers: int | None = None, thread_name_prefix: str = "",
                 initializer: Callable[..., object] | None = None, initargs: tuple[Any, ...] = (), *,
                 max_queued: int = 0, when_full: Any = Tl.WhenFull.BLOCK) -> None:
        if max_workers is None:
            max_workers = usual_workers()
        max_workers = _integer("max_workers", max_workers)
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        max_queued = _integer("max_queued", max_queued)
        if max_queued < 0:
            raise ValueError("max_queued must be 0, for no limit, or greater")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        if inspect.iscoroutinefunction(initializer):
            raise TypeError("initializer must be a function that does its work when it is called, not a coroutine "
                            "function")
        name = thread_name_prefix or f"Executor-{next(_counter)}"
        place = Pool(name, max_workers, max_queued, initializer, initargs)
        place.fails_when_full = Tl.WhenFull(when_full) == Tl.WhenFull.FAIL
        self._set_place(place, owns=True)

    def _set_place(self, place: Place, *, owns: bool) -> None:
        self._place = place
        # Where its work is put.
        self._entrance: Place | Entrance = place
        self._owns = owns

    @classmethod
    def _of(cls, place: Place, *, owns: bool = True) -> Executor:
        self = cls.__new__(cls)
        self._set_place(place, owns=owns)
        return self

    @classmethod
    def for_context(cls, context: Any = None) -> Executor:
        """An executor whose work runs in that main context, on whichever thread iterates it.

        `None` is the global default context, that of the user interface.
        Coroutine functions run on the asyncio loop that runs there, if one does.
        """
        return cls._of(_place_for_context(context))

    @classmethod
    def main(cls) -> Executor:
        """The thread of the user interface: the global default main context. It cannot be shut down."""
        return _shared("main", lambda: Executor._of(_place_for_context(None), owns=False))

    @classmethod
    def default(cls) -> Executor:
        """The pool that the whole process shares. It cannot be shut down.

        It is for work that ends by itself; what may block for long, or wants
        limits, should have an executor of its own.
        """
        return _shared("default", lambda: Executor._of(Pool("tl-default", usual_workers(), 0, None, ()), owns=False))

    def with_priority(self, priority: int) -> Executor:
        """An executor onto the same place, whose work takes its turn at that priority.

        Priorities are GLib's: less is sooner, and all other work has
        `GLib.PRIORITY_DEFAULT`, which is 0. They order what is queued, and
        what runs is not interrupted. In a main context such work competes with
        the sources of that context as a source of that priority does: at
        `GLib.PRIORITY_DEFAULT_IDLE` it runs when nothing else is to do.
        As always with GLib, what is less urgent waits for as long as there is
        something more urgent.

        All else is that of the executor it was made from, which it keeps, and
        which is the one to shut down. Of coroutines it is the first step that
        is taken in turn.
        """
        priority = _integer("priority", priority)
        whole = self if self._whole is None else self._whole
        view = Executor._of(whole._place, owns=False)
        view._entrance = whole._place.entrance(priority)
        view._priority = priority
        view._whole = whole
        return view

    def __del__(self) -> None:
        # It was not made if the constructor has raised.
        if getattr(self, "_owns", False):
            self._place.close()

    def __repr__(self) -> str:
        place = self._place
        at = "" if self._whole is None else f" at priority {self._priority}"
        return (f"<{type(self).__name__} {place.name!r}{at}: {self.n_running} running, {self.n_queued} queued"
                f"{', shut down' if place.closing else ''}>")

    @property
    def name(self) -> str:
        """What its threads are called, and what messages begin with."""
        return self._place.name

    @property
    def max_workers(self) -> int:
        """How many threads there may be."""
        return self._place.max_workers if isinstance(self._place, Pool) else 1

    _max_workers = max_workers

    @property
    def n_queued(self) -> int:
        """How many tasks wait for their turn."""
        return self._place.n_queued

    @property
    def n_running(self) -> int:
        """How many tasks run right now."""
        return self._place.n_running

    @overload
    def submit(self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args,  # type: ignore[overload-overlap]
               **kwargs: P.kwargs) -> Future[T]: ...
    @overload
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]: ...
    @overload
    def submit(self, fn: Coroutine[Any, Any, T], /) -> Future[T]: ...

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # type: ignore[override]
        """Has `fn(*args, **kwargs)` called on the executor, and gives the future of its result.

        A coroutine function runs on an asyncio loop there: that of the worker,
        or of the event thread. It runs in a copy of the caller's `contextvars`.

        What was handed over is released on the calling thread's main loop if
        one runs, in any case before a wait of the calling thread returns, and
        not on the worker.

        Raises `RuntimeError` after the shutdown, `TypeError` for what cannot
        be called, and `QueueFullError` where that was asked for.
        """
        if not callable(fn):
            check_callable(fn, args, kwargs)
            fn, args = _coroutine_object, (fn,)
        home = local.home
        if home is None:
            home = home_of_thread()
        elif home.items:
            home.items.clear()
        entrance = self._entrance
        future: Future[Any] = Future()
        future._home = home
        future._fn = fn
        future._args = args
        if kwargs:
            future._kwargs = kwargs
        context = copy_context()
        if context:
            future._context = context
        try:
            entrance.put(future)
        except BaseException:
            # After Ctrl-C it may have been taken already, and run.
            if fn is _coroutine_object and future._claim():
                place = future._place
                if place is not None:
                    place.removed()
                args[0].close()
            raise
        return future

    def call(self, function: Any, /, *args: Any) -> Future[Any]:
        """Has a function of a library called on the executor, by which the interpreter is free for others.

        `function` is a name, such as `'Gio.File.load_contents'`, or that of the
        C function, or what PyGObject has for it: `Gio.File.load_contents`. A
        method has its object first in `args`; `call(file, 'load_contents')` is
        the same as `call('Gio.File.load_contents', file)`.

        The future is as those of `submit()`, and its `cancel()` interrupts a
        function that takes a `Gio.Cancellable`.

        Raises `TypeError` for a function that there is not, or that cannot be
        called on a worker, and for wrong arguments; `RuntimeError` after the
        shutdown.
        """
        return self.submit(*prepare(function, args))

    @overload  # type: ignore[override]
    def map(self, fn: Callable[..., Coroutine[Any, Any, T]], *iterables: Iterable[Any], timeout: float | None = None,
            chunksize: int = 1, buffersize: int | None = None) -> Iterator[T]: ...
    @overload
    def map(self, fn: Callable[..., T], *iterables: Iterable[Any], timeout: float | None = None,
            chunksize: int = 1, buffersize: int | None = None) -> Iterator[T]: ...

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], timeout: float | None = None,
            chunksize: int = 1, buffersize: int | None = None) -> Iterator[Any]:
        """The results of `fn` for each of the items, in their order.

        As `map()` of `concurrent.futures`: with `buffersize` no more than that
        many tasks are on their way, and the items are taken one by one as
        results are. `chunksize` has no effect on threads.
        """
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError("buffersize must be an integer or None")
        if buffersize is not None and buffersize < 1:
            raise ValueError("buffersize must be None or > 0")
        end_time = None if timeout is None else time.monotonic() + timeout

        todo: Iterator[tuple[Any, ...]] = zip(*iterables)  # noqa: B905
        first = todo if buffersize is None else itertools.islice(todo, buffersize)
        futures = deque(self.submit(fn, *args) for args in first)
        return self._results(futures, self.submit if buffersize is not None else None, fn, todo, end_time)

    @staticmethod
    def _results(futures: deque[Future[T]], submit: Callable[..., Future[T]] | None, fn: Callable[..., T],
                 todo: Iterator[tuple[Any, ...]], end_time: float | None) -> Iterator[T]:
        try:
            while futures:
                if submit is not None:
                    args = next(todo, None)
                    if args is not None:
                        futures.append(submit(fn, *args))
                # Without a reference that outlives the yield.
                yield _take(futures, end_time)
        finally:
            for future in futures:
                future.cancel()

    def __enter__(self) -> Self:
        self._check_owned()
        return self

    async def __aenter__(self) -> Self:
        self._check_owned()
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None,
                        traceback: TracebackType | None) -> None:
        place = self._place
        place.close()
        if isinstance(place, Pool) and place.is_mine() and not place.ended:
            raise WouldDeadlockError(f"would deadlock: the end of {self.name} is awaited on a thread of its own")
        # Whoever leaves the block may be cancelled; what was accepted runs all the same.
        await asyncio.shield(asyncio.wrap_future(place.end_future))

    def _check_owned(self) -> None:
        if self._whole is not None:
            raise RuntimeError(f"this is {self.name} at priority {self._priority}, and cannot be shut down; "
                               "shut down the executor itself, which with_priority() was called on")
        if not self._owns:
            raise RuntimeError(f"{self.name} {self._why_kept}")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool | Literal["all"] = False,
                 timeout: float | None = None) -> None:
        """Takes no more work, and waits until what was accepted has ended and the threads have gone.

        With `cancel_futures` what is queued is cancelled, and with `"all"` what
        runs is asked to stop as well, as its `cancel()` would. `timeout` is in
        seconds; when it has passed, `TimeoutError` is raised, and the shutdown
        goes on. It may be called again, to wait longer or to be stricter.

        A `with` block ends with it. An `async with` block waits for the work
        and not for the threads, without blocking the loop.
        """
        place = self._place
        self._check_owned()
        if isinstance(wait, Tl.Shutdown) or cancel_futures not in (False, True, "all"):
            raise TypeError('shutdown() wants wait to be a bool, and cancel_futures to be a bool or "all"')
        place.close()
        if cancel_futures:
            if cancel_futures == "all":
                place.cancel_all()
            else:
                place.cancel_queued()
            place._check_ended()
        if not wait:
            return
        if place.is_mine() and not place.ended:
            raise WouldDeadlockError(f"would deadlock: shutdown(wait=True) of {self.name} on a thread of its own")
        end_time = None if timeout is None else time.monotonic() + timeout
        home = local.home
        if home is not None:
            home.items.clear()
        done = place.wait_ended(timeout)
        if done:
            done = place.join(None if end_time is None else end_time - time.monotonic())
        if home is not None:
            home.items.clear()
        if not done:
            raise TimeoutError(f"{self.name} has not ended after {timeout} s: "
                               f"{self.n_running} running, {self.n_queued} queued")


def _take(futures: deque[Future[T]], end_time: float | None) -> T:
    future = futures.popleft()
    try:
        try:
            return future.result(None if end_time is None else end_time - time.monotonic())
        finally:
            future.cancel()
            # It may lie in its grave for a while; the result is the caller's.
            future._result = None
    finally:
        # An error's traceback has this frame.
        del future


_shared_lock = threading.RLock()
_shared_executors: dict[str, Executor] = {}


def _shared(name: str, make: Callable[[], Executor]) -> Executor:
    executor = _shared_executors.get(name)
    if executor is not None:
        return executor
    with _shared_lock:
        executor = _shared_executors.get(name)
        if executor is None:
            executor = _shared_executors.setdefault(name, make())
    return executor
