# SPDX-License-Identifier: LGPL-2.1-or-later

"""The end of the interpreter, and the child of a fork."""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import weakref
from typing import Any

from . import _executor, _home, _place, _wrap_native
from ._context_place import ContextPlace
from ._place import live_places
from ._pool import Pool

#: What event threads know of themselves.
event_threads: weakref.WeakSet[Any] = weakref.WeakSet()


def _at_exit() -> None:
    # As the standard pool does: what was accepted still runs. What it uses of
    # event threads is still there; those cancel what is left on them then.
    # Nothing may call into the interpreter afterwards.
    _place.exiting = True
    # The main thread, which is here, iterates no main context any more.
    for place in live_places():
        if type(place) is ContextPlace:
            place.close()
            place.fail_queued(RuntimeError(f"{place.name}: the interpreter ends, and nobody runs that main context"))
    pools = [place for place in live_places() if isinstance(place, Pool)]
    for pool in pools:
        pool.close()
    for pool in pools:
        pool.wait_ended(None)
        pool.join(None)
    for thread in list(event_threads):
        thread.begin_stop()
        thread.join(None)
    for place in live_places():
        place.bell.close(0)
    _home.close_all()


def _in_child() -> None:
    places = live_places()
    for thing in [*_home.forget_all(), *places, *event_threads]:
        # Locks of theirs may be held by threads that are not here. They can
        # neither be used nor be freed, also when the interpreter ends.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
    for place in places:
        place.stay_behind()
    for thread in list(event_threads):
        thread.stay_behind()
    event_threads.clear()
    _executor._shared_executors.clear()
    _executor._shared_lock = threading.RLock()
    _wrap_native.forget_thread()


def register() -> None:
    """When the package is imported."""
    # threading's own exit functions run before it waits for other threads, and
    # those may still wait for us. atexit's run after.
    before_join = getattr(threading, "_register_atexit", atexit.register)
    before_join(_at_exit)
    os.register_at_fork(after_in_child=_in_child)
