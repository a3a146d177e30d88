# SPDX-License-Identifier: LGPL-2.1-or-later

"""The helpers of AlexBerUtils (`alexber.utils.thread_locals`), by their own names.

They run a plain function or a coroutine function alike on any executor of
`concurrent.futures`, also on one that knows nothing of this library. Each
thread that they run something on has an asyncio loop from then on.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import warnings
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, ParamSpec, TypeVar, overload

from ._executor import Executor, check_callable
from ._future import Future, name_of
from ._place import is_async
from ._thread import new_loop, usable_loop

__all__ = ["ensure_thread_event_loop", "exec_in_executor", "exec_in_executor_threading_future", "initConf"]

P = ParamSpec("P")
T = TypeVar("T")

_configured: concurrent.futures.Executor | None = None


class _LoopOfThread:
    """Closes a loop that was made for a thread, when the thread has ended."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def __del__(self) -> None:
        if not self.loop.is_running() and not self.loop.is_closed():
            self.loop.close()


class _Local(threading.local):
    made: _LoopOfThread | None = None


_local = _Local()


def initConf(*, executor: concurrent.futures.Executor | None = None, **_kwargs: Any) -> None:  # noqa: N802
    """Sets the executor for calls of the helpers that name none. `None` is for asyncio's default.

    Other keyword arguments, which the original has for other parts of it, are
    accepted and have no effect. Raises `TypeError` for what is no executor.
    """
    global _configured
    if executor is not None:
        _check_executor(executor)
    _configured = executor


def ensure_thread_event_loop() -> None:
    """Sees to it that the calling thread has an asyncio loop, which it can run.

    So that `asyncio.get_event_loop().run_until_complete(...)` works. It fits
    as the `initializer` of an executor, too.
    """
    _own_loop()


def _own_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio._get_running_loop()
    if loop is not None:
        return loop
    with warnings.catch_warnings():
        if threading.current_thread() is threading.main_thread():
            # On the main thread Python makes one, and 3.12 says that 3.14 will not.
            warnings.simplefilter("ignore", DeprecationWarning)
        loop = usable_loop()
    if loop is None:
        loop = new_loop()
        _local.made = _LoopOfThread(loop)
    return loop


def run_here(context: Context, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs a function of any kind to its end, on a thread that somebody else has made."""
    loop = _own_loop()
    result = context.run(_without_stop_iteration, fn, args, kwargs)
    if not is_async(result):
        return result
    if loop.is_running():
        raise RuntimeError("a coroutine function cannot run here: this thread is in its event loop already")
    if asyncio.iscoroutine(result):
        result = loop.create_task(result, context=context)
    return loop.run_until_complete(result)


def _without_stop_iteration(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return fn(*args, **kwargs)
    except StopIteration as exc:
        # No asyncio future takes one. Coroutines say this by themselves.
        raise RuntimeError(f"{getattr(fn, '__qualname__', fn)} raised StopIteration") from exc


@overload
def exec_in_executor(  # type: ignore[overload-overlap]
        executor: concurrent.futures.Executor | None, func: Callable[P, Coroutine[Any, Any, T]],
        *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]: ...
@overload
def exec_in_executor(executor: concurrent.futures.Executor | None, func: Callable[P, T],
                     *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]: ...

def exec_in_executor(executor: concurrent.futures.Executor | None, func: Callable[..., Any],
                     *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
    """Runs a plain function or a coroutine function on an executor, and gives an `asyncio.Future`.

    The executor is the argument; where that is None, the one of `initConf()`;
    where there is none, the default one of the running loop. The function sees
    the caller's `contextvars`, and may use `asyncio.get_event_loop()`.

    The future is one of the running loop. Where none runs, it is one of the
    calling thread's own loop, which is made if need be, for
    `run_until_complete()`; and the default executor is `Executor.default()`.
    """
    _check_function(func, args, kwargs)
    running = asyncio._get_running_loop()
    executor = _choose(executor, running)
    if executor is None:
        assert running is not None
        return running.run_in_executor(None, run_here, copy_context(), func, args, kwargs)
    future = _submit(executor, func, args, kwargs)
    return asyncio.wrap_future(future, loop=running if running is not None else _own_loop())


@overload
def exec_in_executor_threading_future(  # type: ignore[overload-overlap]
        executor: concurrent.futures.Executor | None, func: Callable[P, Coroutine[Any, Any, T]],
        *args: P.args, **kwargs: P.kwargs) -> concurrent.futures.Future[T]: ...
@overload
def exec_in_executor_threading_future(
        executor: concurrent.futures.Executor | None, func: Callable[P, T],
        *args: P.args, **kwargs: P.kwargs) -> concurrent.futures.Future[T]: ...

def exec_in_executor_threading_future(executor: concurrent.futures.Executor | None, func: Callable[..., Any],
                                      *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
    """As `exec_in_executor()`, and gives a `concurrent.futures.Future`, to be waited for.

    It may be called and waited for where no loop runs, and inside of a running
    loop, which the waiting then blocks.
    """
    _check_function(func, args, kwargs)
    running = asyncio._get_running_loop()
    executor = _choose(executor, running)
    if executor is not None:
        return _submit(executor, func, args, kwargs)
    # What asyncio gives for its own executor settles on the loop, which may be
    # blocked by who waits for this one.
    assert running is not None
    future: Future[Any] = Future()
    future.name = name_of(func)
    running.run_in_executor(None, _settle, future, copy_context(), func, args, kwargs)
    return future


def _settle(future: Future[Any], context: Context, func: Callable[..., Any], args: tuple[Any, ...],
            kwargs: dict[str, Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = run_here(context, func, args, kwargs)
    except BaseException as exc:
        future.set_exception(exc)
    else:
        future.set_result(result)


def _choose(executor: concurrent.futures.Executor | None,
            running: asyncio.AbstractEventLoop | None) -> concurrent.futures.Executor | None:
    if executor is not None:
        _check_executor(executor)
        return executor
    if _configured is not None or running is not None:
        return _configured
    return Executor.default()


def _submit(executor: concurrent.futures.Executor, func: Callable[..., Any], args: tuple[Any, ...],
            kwargs: dict[str, Any]) -> concurrent.futures.Future[Any]:
    if isinstance(executor, Executor):
        # It has loops and contextvars of its own.
        future = executor.submit(_without_stop_iteration, func, args, kwargs)
        future.name = name_of(func)
        return future
    return executor.submit(run_here, copy_context(), func, args, kwargs)


def _check_executor(executor: object) -> None:
    if not callable(getattr(executor, "submit", None)):
        raise TypeError(f"an executor with a submit() method is wanted, not {type(executor).__name__}")


def _check_function(func: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if callable(func):
        return
    if asyncio.iscoroutine(func):
        func.close()
        raise TypeError("exec_in_executor() wants a coroutine function and its arguments, and got a coroutine; "
                        "drop the parentheses: exec_in_executor(executor, fn, arg)")
    check_callable(func, args, kwargs)
