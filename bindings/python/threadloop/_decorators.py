# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions that run elsewhere: `to_thread()`, and the decorators of `tornado.concurrent`."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from concurrent.futures import InvalidStateError
from contextvars import copy_context
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from ._executor import Executor
from ._future import Future, _describe
from ._helpers import run_here
from ._wrap import wrap_future

__all__ = ["return_future", "run_on_executor", "to_thread"]

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")

_MISSING = object()


@overload
def to_thread(fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args,  # type: ignore[overload-overlap]
              **kwargs: P.kwargs) -> Future[T]: ...
@overload
def to_thread(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]: ...
@overload
def to_thread(fn: Coroutine[Any, Any, T], /) -> Future[T]: ...

def to_thread(fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
    """Has `fn(*args, **kwargs)` called on a thread of `Executor.default()`.

    As `asyncio.to_thread()`, but it starts at once, and may be called where no
    loop runs: what it gives is a `Future`, which can be awaited, waited for,
    or told to call back in the main loop. It takes coroutine functions and
    coroutines, too.
    """
    return Executor.default().submit(fn, *args, **kwargs)


class _Decorator:
    # What run_on_executor(executor=...) gives.

    def __init__(self, executor: str, io_loop: str) -> None:
        self.executor = executor
        self.io_loop = io_loop

    @overload
    def __call__(self, fn: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],  # type: ignore[overload-overlap]
                 /) -> Callable[Concatenate[S, P], Future[T]]: ...
    @overload
    def __call__(self, fn: Callable[Concatenate[S, P], T], /) -> Callable[Concatenate[S, P], Future[T]]: ...

    def __call__(self, fn: Any, /) -> Any:
        return _on_executor(fn, self.executor, self.io_loop)


@overload
def run_on_executor(fn: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],  # type: ignore[overload-overlap]
                    /) -> Callable[Concatenate[S, P], Future[T]]: ...
@overload
def run_on_executor(fn: Callable[Concatenate[S, P], T], /) -> Callable[Concatenate[S, P], Future[T]]: ...
@overload
def run_on_executor(*, executor: str = "executor", io_loop: str = "io_loop") -> _Decorator: ...

def run_on_executor(*args: Any, **kwargs: Any) -> Any:
    """Decorates a method to run on the executor of its object, and to return a future.

        class Reader:
            def __init__(self):
                self.executor = Tl.Executor(4)

            @run_on_executor
            def read(self, path): ...

    `@run_on_executor(executor='_thread_pool')` takes the attribute of that
    name instead. The attribute is one of our executors, and then the future is
    its future; or it is anybody's `concurrent.futures.Executor`, whose futures
    are made to be awaitable by `wrap_future()`. Methods that are coroutine
    functions run on a loop of the thread.

    The method may be called with `callback=`, unless it has such a parameter
    itself. That is called with the result: on the loop that the attribute
    `io_loop` names, if the object has one, in the asyncio loop that runs where
    the method is called, or in the main context there. If the method fails, it
    is not called, and the error is reported.

    Calling the method raises `AttributeError` if the object has no such
    executor, and `TypeError` if it is none.
    """
    if args and kwargs:
        raise ValueError("cannot combine positional and keyword args")
    if len(args) > 1:
        raise ValueError(f"expected 1 argument, got {len(args)}")
    if args:
        return _on_executor(args[0], "executor", "io_loop")
    executor = kwargs.pop("executor", "executor")
    io_loop = kwargs.pop("io_loop", "io_loop")
    if kwargs:
        raise TypeError(f"run_on_executor() takes executor= and io_loop=, not {', '.join(kwargs)}=")
    if not isinstance(executor, str):
        raise TypeError("run_on_executor(executor=...) wants the name of an attribute of self, "
                        f"and got {_describe(executor)}")
    return _Decorator(executor, io_loop)


def _on_executor(fn: Callable[..., Any], executor: str, io_loop: str) -> Callable[..., Future[Any]]:
    if not callable(fn):
        raise TypeError(f"run_on_executor decorates a method, not {_describe(fn)}; "
                        "name the executor's attribute like this: @run_on_executor(executor='_thread_pool')")
    takes_callback = _position(fn, "callback") is not None
    is_async = inspect.iscoroutinefunction(fn) or getattr(fn, "__tornado_coroutine__", False)

    @functools.wraps(fn)
    def wrapper(self: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        callback = None
        if kwargs and not takes_callback:
            callback = kwargs.pop("callback", None)
        try:
            place = getattr(self, executor)
            submit = place.submit
        except AttributeError as error:
            raise _no_executor(self, executor, error) from None

        if is_async and not isinstance(place, Executor) and not hasattr(place, "get_loop"):
            future = submit(run_here, copy_context(), fn, (self, *args), kwargs)
        else:
            future = submit(fn, self, *args, **kwargs)
        if not isinstance(future, Future):
            future = wrap_future(future)
            future.name = fn.__qualname__
        if callback is not None:
            _call_back(future, callback, getattr(self, io_loop, None))
        result: Future[Any] = future
        return result

    return wrapper


def _no_executor(self: Any, name: str, error: AttributeError) -> Exception:
    how = f"set self.{name} to an executor, or name another attribute: @run_on_executor(executor='...')"
    place = inspect.getattr_static(self, name, _MISSING)
    if place is _MISSING:
        return AttributeError(
            f"{type(self).__name__} has no attribute {name!r}, which run_on_executor looks for; {how}")
    if isinstance(place, property):
        return error
    return TypeError(f"{name!r} of {type(self).__name__} is no executor: it is {_describe(getattr(self, name))}; {how}")


def _call_back(future: Future[Any], callback: Callable[[Any], object], io_loop: Any) -> None:
    def call(done: Future[Any]) -> None:
        callback(done.result())

    def arrive(done: Future[Any]) -> None:
        try:
            loop.call_soon_threadsafe(call, done)
        except RuntimeError:
            # The loop was closed, and nobody is left to hear of it.
            pass

    loop: Any = getattr(io_loop, "asyncio_loop", io_loop)
    if not hasattr(loop, "call_soon_threadsafe"):
        loop = asyncio._get_running_loop()
    if loop is not None:
        future.add_done_callback(arrive)
    else:
        future.on_done(call)


def return_future(fn: Callable[..., object]) -> Callable[..., Future[Any]]:
    """Decorates a function that calls `callback(result)` at its end to return a future instead.

    The function has a parameter `callback`, which it calls once, on any
    thread, with at most one argument. If it raises, the future has failed.

    Who calls it need not give a callback, and uses the future. A `callback`
    that is given, by keyword or in its place, is called with the result, where
    `run_on_executor` calls it, and not if the function fails.

    Raises `TypeError` if the function has no such parameter, and when it is
    called and returns a value.
    """
    if not callable(fn):
        raise TypeError(f"return_future decorates a function, not {_describe(fn)}")
    position = _position(fn, "callback")
    if position is None:
        raise TypeError(f"{fn.__qualname__}() has no parameter 'callback', which return_future calls it with")
    index = position

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.name = fn.__qualname__

        def finish(result: Any = None) -> None:
            try:
                future.set_result(result)
            except InvalidStateError:
                if not future.cancelled():
                    raise

        if 0 <= index < len(args):
            callback = args[index]
            args = (*args[:index], finish, *args[index + 1:])
        else:
            callback = kwargs.get("callback")
            kwargs["callback"] = finish

        try:
            result = fn(*args, **kwargs)
        except Exception as exc:
            if future.done():
                # It has said already what the result is. Nobody would hear of this.
                raise
            future.set_exception(exc)
        else:
            if result is not None:
                if asyncio.iscoroutine(result):
                    result.close()
                    raise TypeError(f"{fn.__qualname__}() is a coroutine function, which needs no return_future")
                raise TypeError(f"{fn.__qualname__}() returned {_describe(result)}; "
                                "with return_future it has to call callback(result) instead")
        if callback is not None:
            loop = asyncio._get_running_loop()
            _call_back(future, callback, loop)
        return future

    return wrapper


def _position(fn: Callable[..., Any], name: str) -> int | None:
    """Where a function takes that argument, -1 if by keyword only, None if it does not."""
    try:
        parameters = inspect.signature(fn).parameters
    except (TypeError, ValueError):
        # Written in C. Who calls it will see.
        return -1
    parameter = parameters.get(name)
    if parameter is None:
        return None
    if parameter.kind is parameter.KEYWORD_ONLY:
        return -1
    return list(parameters).index(name)
