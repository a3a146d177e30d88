# SPDX-License-Identifier: LGPL-2.1-or-later

"""The futures of the C library, as those of Python."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ._future import Future, refuse_wait
from ._home import Home, home_of_thread
from ._native import GLib, Tl

if TYPE_CHECKING:
    from ._event_thread import EventThread

#: Guards what is below it.
_lock = threading.RLock()
#: The thread that hears of their ends, made for the first one.
_thread: EventThread | None = None


class _WrappedNative(Future[Any]):
    """Follows a future of the library, and hands on to it that it was cancelled."""

    #: None when it has settled.
    _native: Any = None
    _view: Any = None

    def running(self) -> bool:
        native = self._native
        return native is not None and bool(native.running())

    def cancel(self) -> bool:
        # The base class does what is to be done here; it finds work that
        # runs, which only its owner can stop.
        done = super().cancel()
        native = self._native
        if done or native is None:
            return done
        if native.cancel() != Tl.Cancel.DONE:
            return False
        self._follow()
        return self.cancelled()

    @property
    def progress(self) -> Any:
        native = self._native
        if self._view is None and self._shown is None and native is not None:
            with self._condition:
                if self._view is None:
                    self._view = Tl.Progress.new(native)
        return self._view if self._view is not None else super().progress

    def _wait(self, timeout: float | None) -> None:
        native = self._native
        if native is not None and timeout != 0:
            # The library knows what must not be waited for here, and what is
            # to be run here.
            try:
                native.wait(1, None)
            except GLib.Error as error:
                if error.matches(Tl.error_quark(), Tl.Error.WOULD_DEADLOCK):
                    raise refuse_wait(self, "the thread of its own main context") from None
            else:
                self._follow()
        super()._wait(timeout)

    def _follow(self) -> None:
        """Takes over what the other has come to. Whoever was faster has settled it."""
        native = self.__dict__.pop("_native", None)
        if native is None:
            return
        if native.cancelled():
            self._settle_cancelled()
            return
        failed = False
        try:
            # See _finish(): nobody but the future may have it. Not with
            # dup_value(), whose value PyGObject does not free.
            self._outcome = native.result(0, None)[-1]
        except GLib.Error as error:
            self._outcome = error.with_traceback(None)
            failed = True
        self._finish(failed, None)


def wrap_native(native: Any) -> Future[Any]:
    """See `wrap_future()`."""
    future: Future[Any] = _WrappedNative()
    future.name = native.get_name() or ""
    future.set_running_or_notify_cancel()
    future._native = native  # type: ignore[attr-defined]
    if native.done():
        future._follow()  # type: ignore[attr-defined]
    else:
        _listening_thread().call_soon(_listen, native, [future], home_of_thread())
    return future


def _listen(native: Any, box: list[Future[Any]], home: Home) -> None:
    # The callback comes where it was added.
    def arrived(*_: object) -> None:
        box[0]._follow()  # type: ignore[attr-defined]
        # Nobody else may want it, and then it dies at home.
        home.bury_at(box, 0)

    native.add_done_callback(arrived)


def _listening_thread() -> EventThread:
    """A thread with a main context that somebody iterates, whatever the program does."""
    # Event threads know of executors, and those of futures.
    from ._event_thread import EventThread

    global _thread
    with _lock:
        if _thread is None or not _thread.is_ready():
            _thread = EventThread("threadloop-futures")
            _thread.start()
        thread = _thread
    return thread


def forget_thread() -> None:
    """In the child of a fork: it is still in the parent."""
    global _lock, _thread
    _lock = threading.RLock()
    _thread = None
