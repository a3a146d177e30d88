# SPDX-License-Identifier: LGPL-2.1-or-later

"""Blocking work off the main loop, its result back on it."""

from . import _exit, exceptions
from ._decorators import return_future, run_on_executor, to_thread
from ._event_thread import EventThread
from ._executor import Executor
from ._future import Future, current_future
from ._helpers import (
    ensure_thread_event_loop,
    exec_in_executor,
    exec_in_executor_threading_future,
    initConf,
)
from ._loop import EventLoop, new_event_loop, run
from ._threadloop import ThreadLoop, ThreadLoopExecutor
from ._unseen import set_error_handler
from ._wrap import wrap_future
from .exceptions import QueueFullError, ThreadNotStartedError, WouldDeadlockError

__all__ = [
    "EventLoop",
    "EventThread",
    "Executor",
    "Future",
    "QueueFullError",
    "ThreadLoop",
    "ThreadLoopExecutor",
    "ThreadNotStartedError",
    "WouldDeadlockError",
    "current_future",
    "ensure_thread_event_loop",
    "exceptions",
    "exec_in_executor",
    "exec_in_executor_threading_future",
    "initConf",
    "new_event_loop",
    "return_future",
    "run",
    "run_on_executor",
    "set_error_handler",
    "to_thread",
    "wrap_future",
]

_exit.register()
