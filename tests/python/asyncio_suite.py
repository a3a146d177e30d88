# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPython's own tests of asyncio event loops, on threadloop's.

    asyncio_suite.py [--stock] [MODULE or CASE ...]

Prints TAP. What fails is run once more on CPython's selector loop, in a process of its own; a case that
fails there as well says something about the machine (no pty, no IPv6, a slow disk), and is skipped. With
--stock everything is run on CPython's loop, as the measure. Exit status: 0, 1 where cases fail on
threadloop's loop only, 77 where CPython's tests are not installed (Debian: libpython3.X-testsuite).
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import threading
import unittest
import warnings

import tap

MODULES = (
    "test_events",
    "test_subprocess",
    "test_streams",
    "test_sock_lowlevel",
    "test_server",
    "test_sendfile",
    "test_runners",
    "test_timeouts",
    "test_taskgroups",
    "test_waitfor",
    "test_threads",
    "test_locks",
    "test_queues",
    "test_buffered_proto",
    "test_context",
    "test_ssl",
)

# The same cases on other selectors: the loop under test brings its own, so once is enough.
REPEATED = ("EPollEventLoopTests", "PollEventLoopTests", "KqueueEventLoopTests", "PollEventLoopTest")

# Cases that cannot pass, by the end of their name, with the reason.
EXCEPTIONS: dict[str, str] = {}


class Result(tap.Result):
    """On threadloop's loop, what fails is said when it is known how it fares on CPython's."""

    def __init__(self, stock: bool) -> None:
        super().__init__()
        self.stock = stock

    def fail(self, name: str) -> None:
        if self.stock:
            super().fail(name)
        else:
            self.failed.append(name)


def use_our_loop() -> None:
    """Makes every way to a new event loop in this process lead to threadloop's."""
    from gi.repository import GLib

    import threadloop

    class Loop(threadloop.EventLoop):
        def __init__(self, selector: object = None) -> None:
            main = threading.current_thread() is threading.main_thread()
            super().__init__(GLib.MainContext.default() if main else GLib.MainContext.new())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        policy = asyncio.DefaultEventLoopPolicy
    policy._loop_factory = Loop  # type: ignore[attr-defined]
    for name in ("SelectorEventLoop", "EventLoop"):
        setattr(asyncio, name, Loop)
        setattr(asyncio.unix_events, name, Loop)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = asyncio.new_event_loop()
    assert isinstance(made, Loop), made
    made.close()


def cases(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    found: list[unittest.TestCase] = []
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            found += cases(test)
        elif type(test).__name__ not in REPEATED:
            found.append(test)
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stock", action="store_true", help="run on CPython's own loop")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    try:
        import test.support
        import test.test_asyncio
    except ImportError as error:
        print(f"1..0 # SKIP CPython's tests are not installed ({error})")
        return 77
    test.support.use_resources = ["network"]
    if not args.stock:
        use_our_loop()
    loader = unittest.TestLoader()
    names = args.names or list(MODULES)
    loaded = cases(
        loader.loadTestsFromNames(
            [name if name.startswith("test.") else f"test.test_asyncio.{name}" for name in names]
        )
    )
    result = Result(args.stock)
    for case in loaded:
        reason = next((why for end, why in EXCEPTIONS.items() if case.id().endswith(end)), None)
        if reason is not None and not args.stock:
            result.leave_out(case.id(), reason)
    chosen = [c for c in loaded if args.stock or not any(c.id().endswith(end) for end in EXCEPTIONS)]
    unittest.TestSuite(chosen).run(result)
    if not args.stock and result.failed:
        stock = subprocess.run(
            [sys.executable, __file__, "--stock", *result.failed], capture_output=True, text=True, check=False
        )
        for name in list(result.failed):
            if any(s.startswith("not ok ") and s.endswith(f" - {name}") for s in stock.stdout.splitlines()):
                result.failed.remove(name)
                result.leave_out(name, "fails on CPython's own loop here too")
            else:
                result.line(False, name)
    print(f"1..{result.number}")
    print(f"# {len(result.passed)} passed, {len(result.failed)} failed")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
