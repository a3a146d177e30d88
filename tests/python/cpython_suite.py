# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPython's own tests of concurrent.futures, the thread pool's, on threadloop's executor.

    cpython_suite.py [--stock] [CASE ...]

`threadloop.Executor` stands where the tests have `ThreadPoolExecutor`, in the processes that they start as
well, and `threadloop.Future` where they make a `Future`. Prints TAP. A CASE is a part of a name. With
--stock everything is run on CPython's own pool, as the measure. Exit status: 0, 1 where a case fails,
77 where CPython's tests are not installed (Debian: libpython3.X-testsuite).
"""

from __future__ import annotations

import argparse
import concurrent.futures
import faulthandler
import importlib
import os
import sys
import threading
import time
import unittest
from typing import Any

import tap

import threadloop

# Python 3.11 has one module, and later ones have a package of these.
MODULES = ("test_init", "test_shutdown", "test_wait", "test_as_completed", "test_thread_pool", "test_future")

# Cases that cannot pass, by the end of their name, with the reason.
EXCEPTIONS = {
    "ThreadPoolShutdownTest.test_threads_terminate":
        "counts the private attribute _threads right after submit(); the library's threads come by themselves",
    "ThreadPoolShutdownTest.test_thread_names_default":
        "reads the private attribute _threads for names with the class of CPython's pool in them",
    "ThreadPoolExecutorTest.test_saturation":
        "counts the private attribute _threads right after submit(); the library's threads come by themselves",
    "ThreadPoolExecutorTest.test_idle_thread_reuse":
        "counts the private attribute _threads; a thread on its way back from a task is not idle yet to the library",
}

# Cases that read a private attribute for what can be found out without it, and pass when they are lent one
# that says the same. The files test_executor*.py have what they are about in public terms.
LENT = {
    "ThreadPoolShutdownTest.test_context_manager_shutdown": "_threads",
    "ThreadPoolShutdownTest.test_del_shutdown": "_threads",
    "ThreadPoolShutdownTest.test_shutdown_no_wait": "_threads",
    "ThreadPoolShutdownTest.test_thread_names_assigned": "_threads",
    "ThreadPoolFailingInitializerTest.test_initializer": "_broken",
}

# What a process that a test starts is told first. It may have been started without PYTHONPATH.
PREFIX = f"""
import sys
sys.path.insert(0, {os.path.dirname(os.path.dirname(threadloop.__file__))!r})
import concurrent.futures, threadloop
concurrent.futures.Executor = concurrent.futures.ThreadPoolExecutor = threadloop.Executor
"""

# No case takes longer than this, in seconds.
LIMIT = 120


class Result(tap.Result):
    def name_of(self, test: unittest.TestCase) -> str:
        return test.id().removeprefix("test.test_concurrent_futures.")

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        faulthandler.dump_traceback_later(LIMIT, exit=True)

    def stopTest(self, test: unittest.TestCase) -> None:
        faulthandler.cancel_dump_traceback_later()
        super().stopTest(test)


def threads(executor: threadloop.Executor) -> tuple[threading.Thread, ...]:
    """What CPython's pool has as the private attribute _threads."""
    end = time.monotonic() + 10
    while executor.n_queued and time.monotonic() < end:
        time.sleep(0.001)
    # Idle workers of a pool are told apart from those of others by what they are called.
    return tuple(thread for thread in threading.enumerate() if thread.name.startswith(f"{executor.name}_"))


def broken(executor: threadloop.Executor) -> bool:
    """What CPython's pool has as the private attribute _broken."""
    try:
        executor.submit(int).cancel()
    except concurrent.futures.BrokenExecutor:
        return True
    return False


def lend() -> None:
    for name, get in ("_threads", threads), ("_broken", broken):
        if not hasattr(threadloop.Executor, name):
            setattr(threadloop.Executor, name, property(get))


def use_ours(modules: list[Any]) -> None:
    """Puts threadloop's classes where the tests look for CPython's."""
    concurrent.futures.ThreadPoolExecutor = threadloop.Executor  # type: ignore[misc,assignment]
    mixins = {module.ThreadPoolMixin for module in modules if hasattr(module, "ThreadPoolMixin")}
    assert len(mixins) == 1
    mixins.pop().executor_type = threadloop.Executor

    for module in modules:
        if hasattr(module, "assert_python_ok"):
            theirs = module.assert_python_ok
            module.assert_python_ok = lambda c, code, *args, theirs=theirs, **env: (
                theirs(c, PREFIX + code, *args, **env))
        # The futures that the tests make by hand.
        if hasattr(module, "FutureTests"):
            module.Future = threadloop.Future
        for name, value in list(vars(module).items()):
            if name.endswith("_FUTURE") and type(value) is concurrent.futures.Future:
                module.__dict__[name] = ours_like(value)


_ours: dict[int, threadloop.Future[Any]] = {}


def ours_like(theirs: Any) -> threadloop.Future[Any]:
    ours = _ours.get(id(theirs))
    if ours is None:
        ours = _ours[id(theirs)] = threadloop.Future()
        ours._state, ours._exception, ours._result = theirs._state, theirs._exception, theirs._result
    return ours


def cases(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    found: list[unittest.TestCase] = []
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            found += cases(test)
        elif type(test).__name__.startswith(("ThreadPool", "FutureTests")):
            found.append(test)
    return found


def load() -> list[Any]:
    package = importlib.import_module("test.test_concurrent_futures")
    if not hasattr(package, "__path__"):
        return [package]
    modules = [importlib.import_module(f"test.test_concurrent_futures.{name}") for name in MODULES]
    modules.append(importlib.import_module("test.test_concurrent_futures.util"))
    return modules


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stock", action="store_true", help="run on CPython's own pool")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    try:
        modules = load()
    except (ImportError, unittest.SkipTest) as error:
        print(f"1..0 # SKIP CPython's tests are not installed ({error})")
        return 77

    import test.support

    test.support.verbose = 0  # else the cases print how long they took, in the midst of TAP
    if not args.stock:
        use_ours(modules)
        lend()
    loader = unittest.TestLoader()
    loaded = cases(unittest.TestSuite(loader.loadTestsFromModule(module) for module in modules))
    if args.names:
        loaded = [case for case in loaded if any(name in case.id() for name in args.names)]

    print(f"1..{len(loaded)}")
    if not args.stock:
        for end, what in LENT.items():
            print(f"# {end} is lent {what}")
    result = Result()
    chosen = unittest.TestSuite()
    for case in loaded:
        reason = next((why for end, why in EXCEPTIONS.items() if case.id().endswith(end)), None)
        if reason is None or args.stock:
            chosen.addTest(case)
        else:
            result.leave_out(result.name_of(case), reason)
    chosen.run(result)
    print(f"# {len(result.passed)} passed, {len(result.failed)} failed, {len(result.left_out)} skipped")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
