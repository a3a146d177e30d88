#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Methods that block, and are called like coroutines: run_on_executor and return_future.

They are what tornado.concurrent has under these names, for Tornado's coroutines as well as for asyncio's, and
for programs with a GLib main loop and no coroutines at all.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gi

gi.require_version("Tl", "1")

from gi.repository import GLib, Tl  # noqa: E402

import threadloop  # noqa: E402


class TaskRunner:
    """Has an executor, which the decorator looks for, and another one for other work."""

    def __init__(self) -> None:
        self.executor = Tl.Executor(4, "tasks")
        self._thread_pool = ThreadPoolExecutor(1, "standard")

    @Tl.run_on_executor
    def long_running_task(self, n: int) -> int:
        time.sleep(0.01)
        return n * n

    @Tl.run_on_executor(executor="_thread_pool")
    def on_the_other_one(self) -> str:
        return threading.current_thread().name.split("_")[0]

    def close(self) -> None:
        self.executor.shutdown()
        self._thread_pool.shutdown()


@Tl.return_future
def later(text: str, callback: Callable[[str], object]) -> None:
    """Written in the days of callbacks."""
    GLib.timeout_add(10, lambda: callback(text.upper()))


async def in_asyncio(tasks: TaskRunner) -> None:
    print(await tasks.long_running_task(2))
    print(await asyncio.gather(*map(tasks.long_running_task, range(4))))
    print(await tasks.on_the_other_one())
    print(await later("in asyncio"))


def in_tornado(tasks: TaskRunner) -> None:
    try:
        from tornado import gen, ioloop
    except ImportError:
        print("no Tornado")
        return

    @gen.coroutine  # type: ignore[misc, unused-ignore]
    def coroutine() -> Any:
        results = []
        for i in range(3):
            result = yield tasks.long_running_task(i)
            results.append(result)
        raise gen.Return(results)

    loop = ioloop.IOLoop(make_current=False)
    print(loop.run_sync(coroutine))
    loop.close()


def in_a_main_loop(tasks: TaskRunner) -> None:
    loop = GLib.MainLoop()

    def done(future: threadloop.Future[int]) -> None:
        print(future.result(), "on the main thread:", threading.current_thread() is threading.main_thread())
        loop.quit()

    tasks.long_running_task(5).on_done(done)
    loop.run()


def main() -> int:
    tasks = TaskRunner()
    # This loop is the GLib main loop as well, so that the timeout comes.
    Tl.run(in_asyncio(tasks))
    in_tornado(tasks)
    in_a_main_loop(tasks)
    tasks.close()

    # A name that is not there.
    try:
        TaskRunner.long_running_task(object(), 1)  # type: ignore[arg-type]
    except AttributeError as error:
        print("AttributeError:", str(error).split(";")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
