# SPDX-License-Identifier: LGPL-2.1-or-later

"""What goes wrong and has a name of its own."""

from concurrent.futures import BrokenExecutor, CancelledError, InvalidStateError
from concurrent.futures.thread import BrokenThreadPool

__all__ = [
    "BrokenExecutor",
    "BrokenThreadPool",
    "CancelledError",
    "InvalidStateError",
    "QueueFullError",
    "ThreadNotStartedError",
    "WouldDeadlockError",
]


class QueueFullError(RuntimeError):
    """Something was submitted to an executor that has as much to do as it may have."""


class ThreadNotStartedError(RuntimeError):
    """Something was submitted to a thread that was not started yet."""


class WouldDeadlockError(RuntimeError):
    """A thread was about to wait for something that it has to do itself."""
