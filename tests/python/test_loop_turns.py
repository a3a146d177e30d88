# SPDX-License-Identifier: LGPL-2.1-or-later
"""The event loop that is a GMainContext: whose turn it is where much is to be done."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from conftest import SOON
from gi.repository import GLib

import threadloop

CONTINUE: bool = GLib.SOURCE_CONTINUE
REMOVE: bool = GLib.SOURCE_REMOVE


def source(context: GLib.MainContext, made: GLib.Source, function: Any) -> GLib.Source:
    made.set_callback(function)
    made.attach(context)
    return made


def test_nested_main_loop_in_a_callback(loop: threadloop.EventLoop) -> None:
    seen: list[str] = []

    async def main() -> None:
        inner = GLib.MainLoop()
        loop.call_soon(seen.append, "after")

        def timeout() -> bool:
            seen.append("timeout")
            inner.quit()
            return REMOVE

        GLib.timeout_add(5, timeout)
        inner.run()
        await asyncio.sleep(0)

    loop.run_until_complete(main())
    assert seen == ["timeout", "after"]


def test_busy_asyncio_does_not_starve_glib(loop: threadloop.EventLoop) -> None:
    future = loop.create_future()

    def busy() -> None:
        if not future.done():
            loop.call_soon(busy)

    def timeout() -> bool:
        future.set_result(None)
        return REMOVE

    busy()
    GLib.timeout_add(5, timeout)
    loop.run_until_complete(asyncio.wait_for(future, SOON))


@pytest.mark.parametrize("priority", [GLib.PRIORITY_HIGH_IDLE + 20, GLib.PRIORITY_DEFAULT_IDLE, GLib.PRIORITY_LOW],
                         ids=["redraw", "idle", "low"])
def test_busy_asyncio_makes_way_for_what_is_less_urgent(loop: threadloop.EventLoop, priority: int) -> None:
    seen: list[str] = []

    def less_urgent(*_: object) -> bool:
        seen.append("less urgent")
        return REMOVE

    async def main() -> None:
        made = GLib.idle_source_new()
        made.set_priority(priority)
        source(loop.context, made, less_urgent)
        end = time.monotonic() + SOON
        while not seen and time.monotonic() < end:
            await asyncio.sleep(0)

    loop.run_until_complete(main())
    assert seen == ["less urgent"]


def test_what_is_less_urgent_does_not_starve_busy_asyncio(loop: threadloop.EventLoop) -> None:
    n_called = 0

    def endless(*_: object) -> bool:
        nonlocal n_called
        n_called += 1
        return CONTINUE

    async def main() -> None:
        made = GLib.idle_source_new()
        source(loop.context, made, endless)
        # It has its turns, and this goes on after each of them.
        for _ in range(5):
            before = n_called
            while n_called == before:
                await asyncio.sleep(0)
        made.destroy()

    loop.run_until_complete(main())
    # What was left of making way does no harm.
    loop.run_until_complete(asyncio.sleep(0.001))


def test_busy_asyncio_and_busy_mail_make_way_together(loop: threadloop.EventLoop) -> None:
    executor = threadloop.Executor.for_context(loop.context)
    turns = 0
    over = False

    def less_urgent(*_: object) -> bool:
        nonlocal turns
        turns += 1
        return CONTINUE

    def mail() -> None:
        if not over:
            executor.submit(mail)

    async def main() -> None:
        nonlocal over
        made = GLib.idle_source_new()
        source(loop.context, made, less_urgent)
        executor.submit(mail)
        for _ in range(5):
            before = turns
            while turns == before:
                await asyncio.sleep(0)
        made.destroy()
        over = True

    loop.run_until_complete(asyncio.wait_for(main(), SOON))


def test_busy_glib_does_not_starve_asyncio(loop: threadloop.EventLoop) -> None:
    async def main() -> int:
        count = 0

        def busy(*_: object) -> bool:
            nonlocal count
            count += 1
            return CONTINUE

        made = source(loop.context, GLib.timeout_source_new(0), busy)
        for _ in range(10):
            await asyncio.sleep(0.002)
        await asyncio.to_thread(time.sleep, 0.002)
        made.destroy()
        return count

    assert loop.run_until_complete(asyncio.wait_for(main(), SOON)) > 3
