# SPDX-License-Identifier: LGPL-2.1-or-later

"""How what has settled gets to an asyncio loop."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any

from ._thread import loop_of_thread

#: After so many awaits that found their result by looking on, one goes through
#: the loop, which has a turn of its sleep then: what is less urgent waits for that.
MANY_AWAITS = 64


class Arrivals:
    """Futures that have settled, on their way to an asyncio loop: one wake a burst."""

    __slots__ = ("items", "loop", "rung")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Weak, since a thread keeps this until it awaits in another loop; a
        # waiter has its loop for as long as that matters.
        self.loop = weakref.ref(loop)
        self.items: deque[asyncio.Future[None]] = deque()
        self.rung = False

    def arrive(self, waiter: asyncio.Future[None]) -> None:
        self.items.append(waiter)
        if self.rung:
            return
        self.rung = True
        loop = self.loop()
        try:
            if loop is not None:
                loop.call_soon_threadsafe(self.deliver)
                return
        except RuntimeError:
            # The loop was closed.
            pass
        # Nobody waits there any more, nor for those that come after this one.
        self.items.clear()
        self.rung = False

    def deliver(self) -> None:
        self.rung = False
        items = self.items
        while items:
            waiter = items.popleft()
            if not waiter.done():
                waiter.set_result(None)


class _Awaits(threading.local):
    arrivals: Arrivals | None = None
    #: How many have found their result by looking on since one went through the loop.
    n_found = 0


awaits = _Awaits()


def arrivals_of(loop: asyncio.AbstractEventLoop) -> Arrivals:
    arrivals = awaits.arrivals
    if arrivals is None or arrivals.loop() is not loop:
        arrivals = awaits.arrivals = Arrivals(loop)
    return arrivals


def on_own_loop(fn: Callable[[Any], object]) -> Callable[[Any], object]:
    """Has it called on the loop that runs here, or that will.

    Where a coroutine of Tornado's yields several futures, Tornado settles a
    future of that loop in the callback, which is not for another thread to do.
    On a pool the loop runs from its first yield on.
    """
    loop = asyncio._get_running_loop() or loop_of_thread()
    return fn if loop is None else in_loop(loop, fn, None)


def in_loop(loop: asyncio.AbstractEventLoop, fn: Callable[[Any], object],
            context: Context | None) -> Callable[[Any], object]:
    """Has it called by that loop, on whichever thread the future settles."""
    def arrive(future: Any) -> None:
        try:
            loop.call_soon_threadsafe(fn, future, context=context)
        except RuntimeError:
            # The loop was closed, and nobody is left to hear of it.
            pass

    return arrive
