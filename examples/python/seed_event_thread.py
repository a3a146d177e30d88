#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Threads beside asyncio, and asyncio beside threads: an image processor, and a loop on a thread.

What takes a page of code with queues, events and call_soon_threadsafe() is here: a worker with a bounded queue
is an executor with one thread; what it sends back is a future; a loop on a thread is an event thread.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from types import TracebackType

import gi

gi.require_version("Tl", "1")

from gi.repository import Tl  # noqa: E402

import threadloop  # noqa: E402


class ImageProcessor:
    """A worker that processes images one by one, for synchronous and for asynchronous programs."""

    def __init__(self) -> None:
        # One thread, and no more than 16 images that wait: then submit() does.
        self._executor = Tl.Executor(1, "images", max_queued=16)

    def submit(self, image: bytes) -> threadloop.Future[bytes]:
        return self._executor.submit(self._process, image)

    def _process(self, image: bytes) -> bytes:
        return b"processed " + image

    def __enter__(self) -> ImageProcessor:
        return self

    def __exit__(self, exc_type: type[BaseException] | None, exc: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._executor.shutdown()

    async def __aenter__(self) -> ImageProcessor:
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None,
                        traceback: TracebackType | None) -> None:
        # The loop goes on while the worker finishes.
        await Tl.to_thread(self._executor.shutdown)


async def process_images() -> None:
    async def process(worker: ImageProcessor, image: bytes) -> bytes:
        return await worker.submit(image)

    async with ImageProcessor() as worker, asyncio.TaskGroup() as group:
        tasks = [group.create_task(process(worker, f"image {i}".encode())) for i in range(5)]
    for task in tasks:
        print(task.result().decode())


async def work() -> int:
    await asyncio.sleep(0.01)
    return 1234


def run_loop_on_a_thread() -> None:
    ended: list[str] = []
    with Tl.EventThread("events") as thread:
        thread.add_done_callback(lambda _: ended.append(threading.current_thread().name))
        # From a synchronous program: a coroutine function, a coroutine, a plain function, or asyncio's own way.
        print(thread.submit(work).result())
        print(thread.submit(work()).result())
        print(thread.submit(lambda: threading.current_thread().name).result())
        print(asyncio.run_coroutine_threadsafe(work(), thread.get_loop()).result())
        # What is left is cancelled at the end of the block, and its future says so.
        left = thread.submit(asyncio.sleep, 3600)
    print("left:", "cancelled" if left.cancelled() else "not cancelled")
    print("ended on:", *ended)


async def beside_another_loop() -> None:
    ticked = threading.Event()

    async def tick() -> None:
        await asyncio.sleep(0.001)
        ticked.set()

    async with Tl.EventThread() as thread:
        print(await thread.submit(work))
        # What blocks does so on the thread, and this loop goes on.
        ticking = asyncio.create_task(tick())
        print("the loop went on:", await thread.submit(ticked.wait, 60))
        await ticking


def main() -> int:
    with ImageProcessor() as worker:
        print(worker.submit(b"some image bytes").result().decode())
    asyncio.run(process_images())
    run_loop_on_a_thread()
    asyncio.run(beside_another_loop())
    return 0


if __name__ == "__main__":
    sys.exit(main())
