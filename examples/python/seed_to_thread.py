#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Five ways across the border between synchronous and asynchronous code.

They work on any executor, the standard library's included. What comes along: contextvars, and an asyncio loop
on each worker, so that a plain function may run a coroutine there.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
import threading
import time
from contextvars import ContextVar

import gi

gi.require_version("Tl", "1")

from gi.repository import Tl  # noqa: E402

from threadloop import exec_in_executor, exec_in_executor_threading_future, initConf  # noqa: E402

request: ContextVar[str] = ContextVar("request")


def blocking_sum(x: int, y: int) -> int:
    time.sleep(0.01)
    return x + y


async def product(x: int, y: int) -> int:
    await asyncio.sleep(0.01)
    return x * y


def blocking_product() -> int:
    """Old code that has to have a coroutine's result."""
    return asyncio.get_event_loop().run_until_complete(product(2, 3))


def where() -> str:
    return f"{request.get()} on {threading.current_thread().name.split('_')[0]}"


async def programs(executor: concurrent.futures.Executor) -> list[int]:
    return [
        # 1: asynchronous code calls a function that blocks.
        await exec_in_executor(executor, blocking_sum, 2, 3),
        # 2: a synchronous function, called from a loop, calls one that runs a coroutine. It waits, so the
        # loop stands still meanwhile; but it does not deadlock.
        exec_in_executor_threading_future(executor, blocking_product).result(),
        # 3: the same, and the loop goes on.
        await exec_in_executor(executor, blocking_product),
        # 4: a coroutine that is not well-behaved gets a loop on another thread for itself.
        await exec_in_executor(executor, product, 2, 3),
        # 5: and from synchronous code.
        exec_in_executor_threading_future(executor, product, 2, 3).result(),
    ]


async def main() -> int:
    with Tl.Executor(2, "ours") as ours, concurrent.futures.ThreadPoolExecutor(2, "standard") as standard:
        for executor in (ours, standard, None):
            results = await programs(executor)  # type: ignore[arg-type]
            print(results)

        # Which executor: the argument, then what was configured, then asyncio's own.
        request.set("request 7")
        print(await exec_in_executor(None, where))
        initConf(executor=ours)
        print(await exec_in_executor(None, where))
        print(await exec_in_executor(standard, where))
        initConf(executor=None)

    # What new code says: this starts at once, and its future is awaited, waited for, or calls back in the
    # main loop.
    print(await Tl.to_thread(blocking_sum, 2, 3), await Tl.to_thread(product, 2, 3))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
