#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tornado coroutines from synchronous code, as the library threadloop has them, and its common errors.

Whoever has the old library changes nothing but what is installed. New programs say Tl.EventThread and
Tl.Executor, which are the same with more to them.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from threadloop import ThreadLoop, ThreadLoopExecutor
from threadloop.exceptions import ThreadNotStartedError

try:
    from tornado import gen, ioloop
except ImportError:
    print("seed_tornado: there is no Tornado here (python3-tornado)", file=sys.stderr)
    sys.exit(77)


@gen.coroutine  # type: ignore[misc, unused-ignore]
def greet(name: str) -> Any:
    yield gen.sleep(0.01)
    raise gen.Return(f"hello {name}")


def add(x: int, y: int) -> int:
    return x + y


def quickstart() -> None:
    # A pool: each thread has an IOLoop of its own.
    with ThreadLoopExecutor(max_workers=2) as executor:
        print(executor.submit(greet, "pool").result())
        print(executor.submit(add, 10, 20).result())
        print(list(executor.map(greet, ["a", "b", "c"])))

    # One thread with one IOLoop, where coroutines take turns.
    with ThreadLoop() as threadloop:
        futures = [threadloop.submit(greet, f"loop {i}") for i in range(3)]
        print([future.result() for future in futures])
        io_loop = threadloop.submit(ioloop.IOLoop.current).result()
        print("an IOLoop there:", isinstance(io_loop, ioloop.IOLoop))


def common_errors() -> None:
    with ThreadLoopExecutor() as executor:
        # The parentheses are one pair too many: this calls upper() here and now.
        try:
            executor.submit("text".upper())  # type: ignore[call-overload]
        except TypeError as error:
            print("TypeError:", error)

        # A thread that waits for its own end would wait for ever.
        try:
            executor.submit(lambda: threading.current_thread().join()).result()
        except RuntimeError as error:
            print("RuntimeError:", error)

    # After the end.
    try:
        executor.submit(add, 1, 2)
    except RuntimeError as error:
        print("RuntimeError:", str(error).split(" of ")[0])

    # Before the start.
    try:
        ThreadLoop().submit(add, 1, 2)
    except ThreadNotStartedError as error:
        print("ThreadNotStartedError:", str(error).split(";")[0].partition(" ")[2])


def main() -> int:
    quickstart()
    common_errors()
    return 0


if __name__ == "__main__":
    sys.exit(main())
