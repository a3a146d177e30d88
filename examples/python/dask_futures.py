#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Futures of a Dask cluster in the GLib main loop: wrap_future().

A scheduler and two worker processes on loopback; the executor that dask.distributed gives, whose futures become
ours: on_done() on the main thread, await, cancel. Needs python3-distributed, and ends with 77 without it.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import gi

gi.require_version("Tl", "1")

from gi.repository import GLib, Tl  # noqa: E402

import threadloop  # noqa: E402

try:
    from distributed import Client, LocalCluster
except ImportError:
    print("dask_futures: there is no dask.distributed here (python3-distributed)", file=sys.stderr)
    sys.exit(77)

N_WORKERS = 2


def square(x: int) -> tuple[int, int]:
    return x * x, os.getpid()


def fail() -> None:
    raise KeyError("on a worker")


class Window:
    """Stands for that of an application."""

    def __init__(self, futures: list[threadloop.Future[tuple[int, int]]]) -> None:
        self.loop = GLib.MainLoop()
        self.results: list[tuple[int, int]] = []
        self.n_left = len(futures)
        for future in futures:
            future.on_done(self.arrived)

    def arrived(self, future: threadloop.Future[tuple[int, int]]) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.results.append(future.result())
        self.n_left -= 1
        if self.n_left == 0:
            self.loop.quit()


async def in_a_coroutine(executor: Any) -> int:
    result: tuple[int, int] = await Tl.wrap_future(executor.submit(square, 12))
    return result[0]


def use(client: Any) -> None:
    with client.get_executor() as executor:
        window = Window([Tl.wrap_future(executor.submit(square, i)) for i in range(10)])
        window.loop.run()
        print(sorted(square for square, _ in window.results))
        print("here:", any(pid == os.getpid() for _, pid in window.results))

        print(Tl.run(in_a_coroutine(executor)))

        error = Tl.wrap_future(executor.submit(fail)).exception()
        print(type(error).__name__, error)

        # Dask's own futures are taken as well.
        print(Tl.wrap_future(client.submit(square, 5)).result()[0])


def main() -> int:
    cluster = LocalCluster(n_workers=N_WORKERS, threads_per_worker=1, processes=True, host="127.0.0.1",
                           dashboard_address=":0", silence_logs=50)
    with cluster, Client(cluster) as client:
        print("workers:", len(client.scheduler_info()["workers"]))
        use(client)
    return 0


if __name__ == "__main__":
    sys.exit(main())
