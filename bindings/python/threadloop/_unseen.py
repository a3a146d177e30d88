# SPDX-License-Identifier: LGPL-2.1-or-later

"""What becomes of errors that nobody looked at."""

from __future__ import annotations

from collections.abc import Callable

from ._home import report
from ._native import Tl

__all__ = ["set_error_handler"]

#: executor, task, error
ErrorHandler = Callable[[str, str, BaseException], object]

_error_handler: ErrorHandler | None = None


def set_error_handler(handler: ErrorHandler | None) -> None:
    """Says what becomes of errors that nobody looked at.

    `handler(executor, task, error)` is called when a future dies whose error
    was never asked for, on the thread that drops it: where a main loop runs
    that is mostly its thread, but it may be a worker. `None` is for the default,
    `sys.unraisablehook`. It is asyncio's `loop.set_exception_handler()`, for
    the whole process.

    It is called as well for the library's own futures, which `Tl.Future` is, in
    the main context where it was set if a loop runs that.
    """
    global _error_handler
    if handler is not None and not callable(handler):
        raise TypeError("set_error_handler() wants a function that takes the names of the executor and the task, "
                        f"and the error, or None, not {type(handler).__name__}")
    _error_handler = handler

    if handler is None:
        Tl.set_error_handler(None)
    else:
        native = handler
        Tl.set_error_handler(lambda executor, task, error, *_: native(executor, task, error))


class Unseen:
    """Goes off when an error dies that nobody has looked at."""

    __slots__ = ("exc", "executor", "task")

    def __init__(self, exc: BaseException, executor: str, task: str) -> None:
        self.exc: BaseException | None = exc
        self.executor = executor
        self.task = task

    def __del__(self) -> None:
        exc = self.exc
        if exc is None:
            return
        try:
            if _error_handler is not None:
                _error_handler(self.executor, self.task, exc)
            else:
                report(f"Nobody looked at the error of {self.task or 'a task'} on {self.executor or 'no executor'}",
                       exc, None)
        except Exception as other:
            report("Exception ignored in the error handler", other, _error_handler)
