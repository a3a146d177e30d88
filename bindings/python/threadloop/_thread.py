# SPDX-License-Identifier: LGPL-2.1-or-later

"""The library's threads as Python sees them."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import threading
from typing import Any

from ._native import GLib


def n_processors() -> int:
    """How many the calling thread may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


class Thread(threading.Thread):
    """A thread that the library has made, while it is Python's as well.

    `threading` knows two kinds of threads: those that it has started, and
    dummies for all others, which are made anew for each call from C and never
    end. This is the first kind, for a thread that runs already.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._tl_ended = threading.Event()

    def enter(self) -> None:
        """On the thread itself, at the beginning of its life."""
        # There is no public way to do this: it is what start() and the new
        # thread do between them, in the words of each version.
        if hasattr(self, "_set_tstate_lock"):
            self._set_tstate_lock()  # until Python 3.12
        for name in ("_handle", "_os_thread_handle"):
            if hasattr(self, name):  # 3.13, and from 3.14 on
                setattr(self, name, threading._make_thread_handle(threading.get_ident()))  # type: ignore[attr-defined]
        self.appear()
        for hook, install in (threading.gettrace(), sys.settrace), (threading.getprofile(), sys.setprofile):
            if hook is not None:
                install(hook)  # type: ignore

    def leave(self) -> None:
        """On the thread itself, at the end of its life."""
        # While it is known: what dies may ask for the current thread.
        empty_locals()
        self.disappear()

    def appear(self) -> None:
        """As `enter()`, for a while, on a thread that may be Python's own at its very end."""
        self._set_ident()  # type: ignore[attr-defined]
        self._set_native_id()  # type: ignore[attr-defined]
        self._started.set()  # type: ignore[attr-defined]
        with threading._active_limbo_lock:  # type: ignore[attr-defined]
            threading._active[threading.get_ident()] = self  # type: ignore[attr-defined]

    def disappear(self) -> None:
        """The end of that."""
        with threading._active_limbo_lock:  # type: ignore[attr-defined]
            threading._active.pop(threading.get_ident(), None)  # type: ignore[attr-defined]
        self._tl_ended.set()

    def is_alive(self) -> bool:
        return self._started.is_set() and not self._tl_ended.is_set()  # type: ignore[attr-defined]

    def join(self, timeout: float | None = None) -> None:
        if threading.current_thread() is self:
            raise RuntimeError("would deadlock: cannot join current thread")
        self._tl_ended.wait(timeout)

    def _after_fork(self, new_ident: int | None = None) -> None:
        # In the child. Without an identity this thread has stayed behind.
        if new_ident is not None:
            super()._after_fork(new_ident)  # type: ignore[misc]
        else:
            self._stop()

    def _stop(self) -> None:
        self._tl_ended = threading.Event()
        self._tl_ended.set()


def is_known() -> bool:
    """Whether `threading` knows the calling thread, and need not make a dummy of it."""
    return threading.get_ident() in threading._active  # type: ignore[attr-defined]


def empty_locals() -> None:
    """Lets go of the calling thread's thread-local things while it holds the interpreter.

    A thread that C has made loses its state in PyGILState_Release(), which
    before Python 3.12.4 does not count with what dies there calling back into
    Python: a GObject with a signal handler in a threading.local is enough for
    the state to be deleted twice.
    """
    get_dict = ctypes.pythonapi.PyThreadState_GetDict
    get_dict.restype = ctypes.c_void_p
    address = get_dict()
    if not address:
        return
    values = ctypes.cast(address, ctypes.py_object).value
    # What dies may leave other things there.
    for _ in range(100):
        if not values:
            break
        values.clear()


class WorkerLoop(asyncio.SelectorEventLoop):
    """The asyncio loop of a worker, which is made when somebody first uses it.

    A plain function may call `asyncio.get_event_loop()` on any worker, so all
    of them have one; but a loop takes three file descriptors, and few use it.
    """


class _UnusedLoop(asyncio.AbstractEventLoop):
    # It becomes a WorkerLoop by being touched.
    def __getattribute__(self, name: str) -> Any:
        if name in ("__class__", "__dict__"):
            return object.__getattribute__(self, name)
        object.__setattr__(self, "__class__", WorkerLoop)
        self.__init__()  # type: ignore[misc]
        return getattr(self, name)


def give_loop() -> asyncio.AbstractEventLoop:
    """Gives the calling thread a loop, which costs nothing unless it is used."""
    loop = _UnusedLoop()  # type: ignore[abstract]
    asyncio.set_event_loop(loop)
    return loop


def loop_of_thread() -> asyncio.AbstractEventLoop | None:
    """The loop that runs on the calling thread, or would, unless nobody has ever used it."""
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        return None
    return None if type(loop) is _UnusedLoop else loop


def usable_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that the calling thread has, if it was not closed."""
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        return None
    return None if loop.is_closed() else loop


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop of its own for the calling thread, from now on."""
    loop = WorkerLoop()
    asyncio.set_event_loop(loop)
    return loop


def own_loop() -> asyncio.AbstractEventLoop:
    """The calling worker's loop. Plain functions may have closed theirs, or set another."""
    loop = usable_loop()
    return loop if loop is not None else new_loop()


def drop_loop() -> None:
    """At the end of a worker: ends what its loop has left, and closes it."""
    loop = loop_of_thread()
    asyncio.set_event_loop(None)
    if loop is None or loop.is_closed() or loop.is_running():
        return
    try:
        end_loop(loop)
    finally:
        loop.close()


def end_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cancels what is left on a loop that does not run, and waits for its end.

    What `asyncio.run()` does when its main coroutine has ended.
    """
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler({
                "message": "unhandled exception during the end of a thread",
                "exception": task.exception(),
                "task": task,
            })
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())


def owns(context: Any) -> bool:
    """Whether it is the calling thread that has to iterate the main context."""
    if context.is_owner():
        return True
    return (threading.current_thread() is threading.main_thread()
            and bool(context == GLib.MainContext.default()))
