# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the Python binding share."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gi.repository import GLib

import threadloop

# How long a thing may take that should take no time at all, in seconds, on a machine that does a lot else.
SOON = 60.0

Pools = Callable[..., threadloop.Executor]


@pytest.fixture
def pools() -> Iterator[Pools]:
    """Makes executors, and shuts them down after the test."""
    made: list[threadloop.Executor] = []

    def make(*args: Any, **kwargs: Any) -> threadloop.Executor:
        executor = threadloop.Executor(*args, **kwargs)
        made.append(executor)
        return executor

    yield make
    for executor in made:
        executor.shutdown(timeout=SOON)


@pytest.fixture
def pool(pools: Pools) -> threadloop.Executor:
    """One worker, so that there is an order."""
    return pools(1, "one")


@pytest.fixture
def thread() -> Iterator[threadloop.EventThread]:
    with threadloop.EventThread("fixture") as thread:
        yield thread
        thread.stop(SOON)


@pytest.fixture
def loop() -> Iterator[threadloop.EventLoop]:
    loop = threadloop.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


class Gate:
    """Work that stays until it is let go."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, result: Any = None) -> Any:
        self.reached.set()
        assert self.opened.wait(SOON)
        return result

    def wait_reached(self) -> None:
        assert self.reached.wait(SOON)

    def open(self) -> None:
        self.opened.set()


@pytest.fixture
def unraisable() -> list[Any]:
    """What was reported to sys.unraisablehook."""
    return []


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_call(item: Any) -> Iterator[None]:
    # Inside of pytest's own hook, which would take it.
    seen = item.funcargs.get("unraisable")
    if seen is None:
        yield
        return
    before = sys.unraisablehook
    sys.unraisablehook = lambda args: seen.append((args.exc_type, str(args.exc_value)))
    try:
        yield
    finally:
        sys.unraisablehook = before


def ours(prefix: str) -> list[threading.Thread]:
    """The threads that are called so."""
    return [thread for thread in threading.enumerate() if thread.name.startswith(prefix)]


async def double(x: int) -> int:
    await asyncio.sleep(0)
    return x * 2


async def for_ever() -> None:
    await asyncio.Event().wait()


def begin(thread: threadloop.EventThread, fn: Callable[[], Any] = for_ever) -> threadloop.Future[Any]:
    """Submits it, and returns when it waits for something."""
    future = thread.submit(fn)
    thread.submit(double, 1).result(SOON)
    return future


def run_loop(until: Callable[[], object], timeout: float = SOON) -> bool:
    """Runs a main loop in the thread-default context until something is so. Says whether it came to be."""
    context = GLib.MainContext.ref_thread_default()
    loop = GLib.MainLoop.new(context, False)
    end = time.monotonic() + timeout
    source = GLib.timeout_source_new(1)

    def check(*_: object) -> bool:
        if until() or time.monotonic() > end:
            loop.quit()
        return True

    source.set_callback(check)
    source.attach(context)
    loop.run()
    source.destroy()
    return bool(until())


def eventually(until: Callable[[], object], timeout: float = SOON) -> bool:
    """The same where no loop runs."""
    end = time.monotonic() + timeout
    while not until() and time.monotonic() < end:
        time.sleep(0.001)
        gc.collect()
    return bool(until())


def fail_with_cause() -> None:
    try:
        raise KeyError("the cause")
    except KeyError as error:
        raise ValueError("the error") from error


class Outcome:
    def __init__(self, done: subprocess.CompletedProcess[str], seconds: float) -> None:
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr
        self.seconds = seconds


def script(code: str, *args: str) -> Outcome:
    """Runs a program in an interpreter of its own. One that hangs shows its stacks, and fails."""
    start = time.monotonic()
    env = dict(os.environ, PYTHONFAULTHANDLER="1", PYTHONWARNINGS="ignore")
    done = subprocess.run([sys.executable, "-c", PRELUDE + textwrap.dedent(code), *args],
                          capture_output=True, text=True, timeout=180, check=False, env=env)
    return Outcome(done, time.monotonic() - start)


PRELUDE = """
import faulthandler, gc, os, sys, threading, time
faulthandler.dump_traceback_later(150, exit=True)
from gi.repository import Gio, GLib, GObject
import threadloop
"""
