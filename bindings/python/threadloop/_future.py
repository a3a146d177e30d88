# SPDX-License-Identifier: LGPL-2.1-or-later

"""One result that is not there yet."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, InvalidStateError
from contextvars import Context, ContextVar, copy_context
from types import CoroutineType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ._arrivals import MANY_AWAITS, arrivals_of, awaits, in_loop, on_own_loop
from ._home import Home, home_here
from ._local import local
from ._native import Gio, GLib, Tl
from ._unseen import Unseen
from ._waiters import WaitersHere
from .exceptions import WouldDeadlockError

if TYPE_CHECKING:
    from gi.repository.Tl import Progress

    from ._place import Place

__all__ = ["Future", "current_future"]

T = TypeVar("T")

# The states of concurrent.futures, whose helpers look at them.
PENDING = "PENDING"
RUNNING = "RUNNING"
CANCELLED = "CANCELLED"
CANCELLED_AND_NOTIFIED = "CANCELLED_AND_NOTIFIED"
FINISHED = "FINISHED"

#: A wait that ends before this does not begin with looking on, in seconds.
LOOK_FROM = 0.001

_logger = logging.getLogger("concurrent.futures")

#: The future of the coroutine that runs in this context.
_current: ContextVar[Future[Any] | None] = ContextVar("threadloop_current", default=None)


def is_cancellation(exc: BaseException | None) -> bool:
    """Whether this is how work says that it has stopped since it was asked to."""
    if isinstance(exc, (CancelledError, asyncio.CancelledError)):
        return True
    return isinstance(exc, GLib.Error) and bool(exc.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))


class _NeverRun:
    """A coroutine that nobody will run, for which Python would blame who has submitted it."""

    __slots__ = ("coroutine",)

    def __init__(self, coroutine: CoroutineType[Any, Any, Any]) -> None:
        self.coroutine = coroutine

    def __del__(self) -> None:
        self.coroutine.close()


class Future(concurrent.futures.Future[T]):
    """The result of work that was submitted, or of whoever calls `set_result()`.

    It is a `concurrent.futures.Future`, so `wait()`, `as_completed()`,
    `asyncio.wrap_future()` and everybody's helpers take it. It can be awaited
    in any asyncio loop. And it is at home in GLib: `on_done()` calls back in a
    main context, `cancellable` stops GIO, `progress` drives a progress bar.

    A future settles once, and the first to set a result or an error wins. All
    methods may be called from every thread.
    """

    _place: Place | None = None
    _home: Home | None = None
    # What is to be done; a context that is None is an empty one.
    _fn: Callable[..., Any] | None = None
    _args: tuple[Any, ...] = ()
    _kwargs: dict[str, Any] | None = None
    _context: Context | None = None
    _name: str | None = None
    # GLib's: less is sooner.
    _priority = 0
    # What wakes those that wait.
    _sleepers: list[Callable[[], None]] | None = None
    # Whether it is in the place's queue. Under that one's lock.
    _queued = False
    _asked = False
    _cancellable: Any = None
    _task: tuple[asyncio.AbstractEventLoop, asyncio.Future[Any]] | None = None
    _unseen: Unseen | None = None
    _said: tuple[float, str | None] | None = None
    _shown: Any = None

    # What a future has without an attribute of its own costs nothing to make,
    # and nothing to the garbage collector.
    _state = PENDING
    _result: Any = None
    _exception: BaseException | None = None
    # What its function has returned or raised, until it settles with that.
    _outcome: Any = None
    _outside: list[Any] | None = None
    _callbacks: list[Callable[[Any], object]] | None = None

    # The lock of `_condition`, for the few that have one.
    _outer: Any = None

    # Not that of the base class, which makes a condition and its list of
    # waiters for each future.
    if not TYPE_CHECKING:
        __init__ = object.__init__

    @property
    def _condition(self) -> Any:
        """What holds the future off, as in `concurrent.futures`; made when it is first asked for.

        The state changes under `_guard`, and where there is a `_condition`
        under that as well, which is taken first.
        """
        outer = self._outer
        if outer is None:
            place = self._place
            if place is None:
                return self.__dict__.setdefault("_outer", threading.RLock())
            with place.lock:
                outer = self._outer
                if outer is None:
                    outer = self._outer = threading.RLock()
        return outer

    @property
    def _guard(self) -> Any:
        """The lock of the place, so that a worker needs one for a task and the next; of others `_condition`."""
        place = self._place
        return self._condition if place is None else place.lock

    @property
    def _waiters(self) -> list[Any] | WaitersHere:  # type: ignore[override]
        # What wait() and as_completed() add to, with the lock held.
        waiters = self._outside
        if waiters is None:
            waiters = self._outside = []
        place = self._place
        if place is not None and self._state in (PENDING, RUNNING) and place.is_mine():
            return WaitersHere(self, waiters)
        return waiters

    # ---- The consumer's side ----

    @property
    def name(self) -> str:
        """What it is called in messages and progress: its function's name, unless it was given one."""
        name = self._name
        if name is None:
            fn = self._fn
            name = self._name = name_of(fn, self._args) if fn is not None else ""
        return name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    def cancelled(self) -> bool:
        """Whether it has settled by being cancelled."""
        return self._state in (CANCELLED, CANCELLED_AND_NOTIFIED)

    def running(self) -> bool:
        """Whether its function runs."""
        return self._state == RUNNING

    def done(self) -> bool:
        """Whether it has settled: with a result, an error, or by being cancelled."""
        return self._state in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED)

    def cancel(self) -> bool:
        """Cancels the work, as far as that is possible, and says whether it is.

        Work that is still queued never runs, and who waits for it wakes at
        once: True. Running work is asked to stop: `cancellable` is tripped, a
        coroutine gets its `CancelledError`. As in `concurrent.futures` that is
        False, since nobody knows yet how it ends; it settles when the function
        returns.
        """
        if self._state == FINISHED:
            return False
        with self._condition, self._guard:
            state = self._state
            if state == FINISHED:
                return False
            if state in (CANCELLED, CANCELLED_AND_NOTIFIED):
                return True
            self._asked = True
            cancellable = self._cancellable
            task = self._task
            place = self._place
            if state == PENDING:
                self._state = CANCELLED if place is None else CANCELLED_AND_NOTIFIED
                if place is not None:
                    place.n_removed += self._queued
                    for waiter in self._outside or ():
                        waiter.add_cancelled(self)

        if cancellable is not None:
            cancellable.cancel()

        if state == PENDING:
            if place is not None:
                place.removed()
                self._bury_work()
            self._tell()
            return True

        if task is not None:
            _cancel_task(*task)
        return False

    def cancel_requested(self) -> bool:
        """Whether somebody has asked for the work to stop, for work to ask itself now and then."""
        return self._asked

    @property
    def cancellable(self) -> Gio.Cancellable:
        """A `Gio.Cancellable` that `cancel()` trips, for the work to pass on to GIO."""
        with self._condition:
            cancellable = self._cancellable
            if cancellable is None:
                cancellable = self._cancellable = Gio.Cancellable()
            asked = self._asked
        if asked:
            cancellable.cancel()
        return cancellable

    def result(self, timeout: float | None = None) -> T:
        """Waits, for `timeout` seconds at most, and gives the result or raises the error.

        Waiting inside of a task is safe: a task of the same pool that is still
        queued is run by the waiting thread itself, which `timeout` does not cut
        short.

        Two waits that could never end raise `WouldDeadlockError`, a
        `RuntimeError`: for oneself, and for what only the calling thread can
        run, or only the main context that it iterates. Tasks of several threads
        that wait for each other in a circle are not noticed, and wait for ever.
        """
        if self._state != FINISHED:
            self._wait(timeout)
        # What the work was given is released when it is over: here, for who
        # waits for that.
        home = local.home
        if home is not None and home.items:
            home.items.clear()
        if self._exception is not None:
            self._look()
            try:
                raise self._exception
            finally:
                # Its traceback has this frame, which must not have it as well.
                self = None  # type: ignore[assignment]
        if self._state != FINISHED:
            raise CancelledError
        return cast(T, self._result)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Waits as `result()` does, and gives the error, or None."""
        if self._state != FINISHED:
            self._wait(timeout)
            if self._state != FINISHED:
                raise CancelledError
        self._look()
        return self._exception

    def add_done_callback(self, fn: Callable[[Any], object]) -> None:
        """Calls `fn(future)` on the thread that settles it, or now if it has settled.

        This is what `concurrent.futures` does. A program with a main loop
        wants `on_done()`.
        """
        if getattr(fn, "__module__", None) == "tornado.gen":
            fn = on_own_loop(fn)
        elif not callable(fn):
            _check_callback(fn, "add_done_callback()")
        self._add_callback(fn)
        if local.place is not None and self._state == PENDING:
            self._see_to_it()

    def _see_to_it(self) -> None:
        # Who goes through asyncio.wrap_future() or Tornado waits by a callback.
        # In a coroutine on the pool that has to run this, it is as an await.
        place = self._place
        loop = asyncio._get_running_loop()
        if loop is not None and place is not None and place.is_mine():
            loop.call_soon(place.before_wait_for_several, self, False)

    def _add_callback(self, fn: Callable[[Any], object]) -> None:
        with self._guard:
            if self._state not in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED):
                if self._callbacks is None:
                    self._callbacks = [fn]
                else:
                    self._callbacks.append(fn)
                return
        self._call(fn)

    def on_done(self, callback: Callable[[Future[T]], object]) -> None:
        """Calls `callback(future)` in the caller's main context when it has settled.

        That is the thread-default context of the calling thread, for most the
        thread of the user interface, at default priority. Where an asyncio loop
        runs that iterates no main context, as in `asyncio.run()`, that loop
        calls it. It is called once, whatever it returns, and never inside of
        this call.
        """
        _check_callback(callback, "on_done()")
        home = home_here()
        loop = asyncio._get_running_loop()
        if loop is None or home.context.is_owner():
            mail = home.get_mail()
            box = [callback]
            self._add_callback(lambda future: mail.post(box, future))
        else:
            self._add_callback(in_loop(loop, callback, copy_context()))

    def __await__(self) -> Generator[Any, None, T]:
        place = self._place
        if place is not None and self._state not in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED):
            place.before_await(self)
        if self._state not in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED):
            loop = asyncio.get_running_loop()
            # Where the loop would go to sleep now, and other threads are at it.
            if (place is not None and place.looks and not getattr(loop, "_ready", True)
                    and awaits.n_found < MANY_AWAITS and not place.is_mine() and self._look_on()):
                awaits.n_found += 1
                # The others have their turn, as they would have had.
                yield
                return self._awaited()
            if _runs_here(self):
                raise WouldDeadlockError(f"would deadlock: {self.name or 'the future'} waits for itself")
            awaits.n_found = 0
            waiter: asyncio.Future[None] = loop.create_future()
            arrivals = arrivals_of(loop)
            self._add_callback(lambda _: arrivals.arrive(waiter))
            try:
                yield from waiter
            except asyncio.CancelledError:
                self.cancel()
                raise
        return self._awaited()

    def _awaited(self) -> T:
        # As of every awaitable of asyncio's, wrap_future() among them.
        if self._state in (CANCELLED, CANCELLED_AND_NOTIFIED):
            raise asyncio.CancelledError
        return self.result()

    # ---- The producer's side ----

    def set_running_or_notify_cancel(self) -> bool:
        """Says that work begins, or hears that it has been cancelled: False."""
        with self._condition:
            if self._state == CANCELLED:
                self._state = CANCELLED_AND_NOTIFIED
                for waiter in self._outside or ():
                    waiter.add_cancelled(self)
                return False
            if self._claim():
                shown = self._shown
                if shown is not None:
                    shown[0].set_running()
                return True
        if self._state == CANCELLED_AND_NOTIFIED:
            return False
        raise RuntimeError(f"The future {self!r} is in a state that no work can begin in")

    def set_result(self, result: T) -> None:
        """Ends the future with a result. Raises `InvalidStateError` if it has settled."""
        with self._condition:
            if self._state in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED):
                raise InvalidStateError(f"{self._state}: {self!r}")
            self._result = result
            self._settle()
        self._tell()

    def set_exception(self, exception: BaseException | None) -> None:
        """Ends the future with an error. Raises `InvalidStateError` if it has settled."""
        with self._condition:
            if self._state in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED):
                raise InvalidStateError(f"{self._state}: {self!r}")
            self._set_error(exception)
            self._settle()
        self._tell()

    def set_progress(self, fraction: float, message: str | None = None) -> None:
        """Says how far the work is, from 0 to 1, and what it does.

        What is less than 0 or not a number says that it is not known, as -1
        does, and what is more than 1 is 1. It may be said as often as one
        likes: `progress` notifies sixty times a second at most.

        Raises `TypeError` for a fraction that is no number, and a message that
        is neither a text nor None.
        """
        if not hasattr(fraction, "__float__") and not hasattr(fraction, "__index__"):
            raise TypeError(f"set_progress() wants a number from 0 to 1, not {_describe(fraction)}")
        if message is not None:
            if not isinstance(message, str):
                raise TypeError(f"the message of set_progress() is a text or None, not {_describe(message)}")
            message.encode()
        fraction = float(fraction)
        with self._condition:
            self._said = (fraction, message)
            shown = self._shown
        if shown is not None:
            shown[0].set_progress(fraction, message)

    @property
    def progress(self) -> Progress:
        """A `Tl.Progress`: the future as an object with properties that notify.

        It has `fraction`, `message`, `state` and `name`, and notifies in the
        thread-default main context of the thread that asks first.
        """
        with self._condition:
            shown = self._shown
            if shown is None:
                native = Tl.Future.new(self.name or None)
                shown = self._shown = (native, Tl.Progress.new(native))
                if self._said is not None:
                    native.set_progress(*self._said)
                if self._state == RUNNING:
                    native.set_running()
                elif self._state != PENDING:
                    _show_end(native, self)
        return cast("Progress", shown[1])

    # ---- Inside ----

    def _bury_work(self) -> None:
        # What was handed over goes home. For who has seen to it that it does
        # not run, or has run it.
        if self._name is None:
            self.name  # noqa: B018
        coroutine = _coroutine_of(self._fn, self._args)
        if coroutine is not None and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            # Not here: what it has of its caller's dies with it.
            self._args = (_NeverRun(coroutine),)
        home = cast(Home, self._home)
        self._leave_work(home.items)
        if not home.grave.rung and home.awaited != id(self):
            home.ring()

    def _leave_work(self, items: deque[Any]) -> None:
        # One by one: a tuple of them would be one more thing for the collector
        # to look at, for each task.
        items.append(self._fn)
        self._fn = None
        if self._args:
            items.append(self._args)
            self._args = ()
        if self._kwargs is not None:
            items.append(self._kwargs)
            self._kwargs = None
        if self._context is not None:
            items.append(self._context)
            self._context = None

    def _set_error(self, exc: BaseException | None) -> None:
        self._exception = exc
        if exc is not None:
            self._warn_unseen()

    def _warn_unseen(self) -> None:
        place = self._place
        self._unseen = Unseen(cast(BaseException, self._exception), place.name if place is not None else "",
                              self.name)

    def _look(self) -> None:
        unseen = self._unseen
        if unseen is not None:
            unseen.exc = None
            self._unseen = None

    def _claim(self) -> bool:
        # For who runs it, or sees to it that nobody will.
        with self._condition, self._guard:
            if self._state != PENDING:
                return False
            self._state = RUNNING
            if self._place is not None:
                self._place.n_removed += self._queued
            return True

    def _settle(self) -> None:
        # With the lock held. The result is there.
        with self._guard:
            self._state = FINISHED
        if self._outside:
            if self._exception is not None:
                for waiter in self._outside:
                    waiter.add_exception(self)
            else:
                for waiter in self._outside:
                    waiter.add_result(self)

    def _tell(self) -> None:
        # Without the lock: who sleeps, and the callbacks. It has settled.
        sleepers, self._sleepers = self._sleepers, None
        if sleepers:
            # A copy: who has timed out takes itself out of the list.
            for wake in tuple(sleepers):
                wake()
        shown = self._shown
        if shown is not None:
            try:
                _show_end(shown[0], self)
            except Exception:
                _logger.exception("exception showing the end of %r", self)
        callbacks, self._callbacks = self._callbacks, None
        if callbacks:
            for fn in callbacks:
                self._call(fn)

    def _call(self, fn: Callable[[Any], object]) -> None:
        try:
            fn(self)
        except (Exception, SystemExit):
            # An exit would end the interpreter from a worker, which it waits for.
            _logger.exception("exception calling callback for %r", self)

    def _settle_cancelled(self) -> None:
        # It ran, and ended since it was asked to.
        with self._condition:
            with self._guard:
                if self._state != RUNNING:
                    return
                self._state = CANCELLED_AND_NOTIFIED
            for waiter in self._outside or ():
                waiter.add_cancelled(self)
        self._tell()

    def _finish(self, failed: bool, coming: deque[None] | None) -> bool:
        # It ran, and `_outcome` is how that ended: no frame may have it when
        # the future settles. True if it was put down in `coming` that this
        # thread is about to come back.
        if failed and self._asked and is_cancellation(self._outcome):
            self._settle_cancelled()
            return False
        with self._condition:
            if self._state != RUNNING:
                # Somebody was faster, the function itself for example. The
                # first one's word counts.
                return False
            if failed:
                self._exception = self._outcome
                self._warn_unseen()
            else:
                self._result = self._outcome
            self._outcome = None
            self._settle()
            comes = coming is not None and self._callbacks is None
            if comes:
                coming.append(None)  # type: ignore[union-attr]
        if self._sleepers or self._callbacks or self._shown:
            self._tell()
        return comes

    def _fail(self, exc: BaseException) -> None:
        # It never will run.
        with self._condition:
            if self._state not in (RUNNING, PENDING):
                return
            self._set_error(exc)
            self._settle()
        self._tell()

    def _wait(self, timeout: float | None) -> None:
        if timeout is not None and not isinstance(timeout, (float, int)):
            timeout = _seconds(timeout)
        place = self._place
        if place is not None:
            place.before_wait(self)
            if self._state == FINISHED or (
                place.looks and (timeout is None or timeout >= LOOK_FROM) and self._look_on()
            ):
                # Its error's traceback may have this frame.
                del self
                return

        sleeper = threading.Lock()
        sleeper.acquire()
        wake = sleeper.release
        if not self._add_sleeper(wake):
            return

        in_time = False
        home = local.home
        if home is not None:
            home.awaited = id(self)
        try:
            in_time = sleeper.acquire(timeout=-1 if timeout is None else max(0, min(timeout, threading.TIMEOUT_MAX)))
        finally:
            if home is not None:
                home.awaited = 0
                home.items.clear()
            if not in_time:
                self._remove_sleeper(wake)

        if not in_time and not self.done():
            raise TimeoutError(
                f"{self.name or 'the future'} has not ended after {max(0, round(cast(float, timeout), 3)):.15g} s; "
                f"{'it runs' if self._state == RUNNING else 'it has not been started'}"
            )

    def _add_sleeper(self, wake: Callable[[], None]) -> bool:
        """False if it has settled."""
        with self._guard:
            if self._state in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED):
                return False
            if self._sleepers is None:
                self._sleepers = [wake]
            else:
                self._sleepers.append(wake)
        return True

    def _remove_sleeper(self, wake: Callable[[], None]) -> None:
        with self._guard:
            sleepers = self._sleepers or []
            # PyGObject has one method equal to another whosever they are.
            for i, other in enumerate(sleepers):
                if other is wake:
                    del sleepers[i]
                    break

    def _look_on(self) -> bool:
        """Waits for a moment, in which a short task is through: whether it has settled."""
        mine = local.lookout
        if mine is None:
            lookout = Tl.Lookout.new(-1)
            mine = local.lookout = (lookout.wait, lookout.call)
        wait, call = mine
        if not self._add_sleeper(call):
            return True
        home = local.home
        if home is not None:
            home.awaited = id(self)
        settled = False
        try:
            wait(0)
            settled = self._state in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED)
        finally:
            if home is not None:
                home.awaited = 0
                home.items.clear()
            if not settled:
                self._remove_sleeper(call)
        return settled

    def __reduce_ex__(self, protocol: Any) -> Any:
        # It would go without those that wait for it, and its work run twice.
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    def _get_snapshot(self) -> Any:
        # What asyncio takes, from Python 3.14 on, in place of exception().
        self._look()
        return super()._get_snapshot()  # type: ignore[misc]


def _show_end(native: Any, future: Future[Any]) -> None:
    if future.cancelled():
        native.cancel()
    elif future._exception is not None:
        exc = future._exception
        if isinstance(exc, GLib.Error):
            error = exc
        else:
            error = GLib.Error.new_literal(Tl.error_quark(), _text_of(exc), Tl.Error.FAILED)
        native.set_error(error.copy())
        # Whoever looks at the future here gets the error; this one is for show.
        native.get_error()
    else:
        native.set_done()


def _text_of(exc: BaseException) -> str:
    """What it says, as far as that can be said in UTF-8."""
    try:
        return f"{type(exc).__name__}: {exc}".encode(errors="backslashreplace").decode()
    except Exception:
        return type(exc).__name__


def _cancel_task(loop: asyncio.AbstractEventLoop, task: asyncio.Future[Any]) -> None:
    try:
        loop.call_soon_threadsafe(task.cancel)
    except RuntimeError:
        # The loop has ended, and has seen to its tasks.
        pass


def _seconds(timeout: Any) -> float:
    # Who waits compares it with others.
    if hasattr(timeout, "__float__") or hasattr(timeout, "__index__"):
        return float(timeout)
    raise TypeError(f"timeouts are seconds, a number or None, not {_describe(timeout)}")


def _check_callback(callback: object, where: str) -> None:
    if not callable(callback):
        raise TypeError(f"{where} wants a function that takes the future, not {_describe(callback)}")
    if inspect.iscoroutinefunction(callback):
        raise TypeError(f"{where} wants a plain function, and {name_of(callback)} is a coroutine function, "
                        "which nobody would await")


def _coroutine_of(fn: object, args: tuple[Any, ...]) -> CoroutineType[Any, Any, Any] | None:
    """The coroutine, where it was one that was submitted and not a function."""
    if not args or type(args[0]) is not CoroutineType:
        return None
    # Places know of futures.
    from ._place import _coroutine_object

    return args[0] if fn is _coroutine_object else None


def name_of(fn: object, args: tuple[Any, ...] = ()) -> str:
    fn = _coroutine_of(fn, args) or fn
    while isinstance(fn, functools.partial):
        fn = fn.func
    # What PyGObject has for functions of libraries has only the second one.
    return getattr(fn, "__qualname__", None) or getattr(fn, "__name__", None) or type(fn).__name__


def _describe(thing: object) -> str:
    text = repr(thing)
    if len(text) > 60:
        text = text[:57] + "..."
    return f"{text} ({type(thing).__name__})"


def current_future() -> Future[Any] | None:
    """The future of the function or coroutine that runs here, None outside of tasks.

    So that code deep inside can say progress, or ask whether it should go on.
    """
    running = local.running
    if running:
        return running[-1]
    return _current.get()


def _runs_here(future: Future[Any]) -> bool:
    """Whether it is that of the coroutine that is in its turn here."""
    task = future._task
    if task is not None:
        return asyncio._get_running_loop() is task[0] and asyncio.current_task() is task[1]
    # In its first step. What a function runs inside of a main loop of its own is not that function.
    running = local.running
    return bool(running) and running[-1] is future and _current.get() is future  # type: ignore[index]


def refuse_wait(future: Future[Any], where: str) -> WouldDeadlockError:
    text = f"would deadlock: {future.name or 'the future'}"
    running = local.running
    if (running and running[-1] is future) or _runs_here(future):
        return WouldDeadlockError(f"{text} waits for itself")
    if running and future in running:
        return WouldDeadlockError(f"{text} is waited for on {where}, by what runs inside of it")
    return WouldDeadlockError(
        f"{text} is waited for on {where}, which has to run it; "
        "await it, use on_done(), or wait on another thread"
    )
