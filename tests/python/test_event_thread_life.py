# SPDX-License-Identifier: LGPL-2.1-or-later
"""The event thread: how it begins and ends, and what it says when it is asked the wrong thing."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gc
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import CancelledError
from typing import Any

import pytest
from conftest import SOON, begin, double, eventually, for_ever, script

from threadloop import EventThread, ThreadNotStartedError, WouldDeadlockError

# Its life


def test_start_twice() -> None:
    thread = EventThread()
    thread.start()
    with pytest.raises(RuntimeError, match="started before; an event thread runs once"):
        thread.start()
    thread.stop(SOON)


def test_stop_twice_and_start_after_stop() -> None:
    thread = EventThread()
    thread.start()
    thread.stop(SOON)
    thread.stop(SOON)
    with pytest.raises(RuntimeError, match="runs once, make a new one"):
        thread.start()


def test_stop_before_start() -> None:
    thread = EventThread()
    thread.stop(SOON)
    with pytest.raises(RuntimeError, match="was stopped"):
        thread.start()
    thread.join(SOON)


def test_submit_before_start() -> None:
    thread = EventThread()
    with pytest.raises(ThreadNotStartedError, match=r"not been started yet; call start\(\)"):
        thread.submit(double, 1)
    with pytest.raises(ThreadNotStartedError):
        thread.submit(double(1))
    with pytest.raises(ThreadNotStartedError):
        thread.call_soon(int)
    with pytest.raises(ThreadNotStartedError):
        thread.get_loop()
    with pytest.raises(ThreadNotStartedError):
        thread.join()


def test_submit_after_stop() -> None:
    with EventThread() as thread:
        pass
    with pytest.raises(RuntimeError, match="after shutdown"):
        thread.submit(double, 1)
    with pytest.raises(RuntimeError):
        thread.submit(double(1))
    with pytest.raises(RuntimeError, match="closed"):
        thread.call_soon(int)


def test_is_ready_and_repr() -> None:
    thread = EventThread("named")
    assert not thread.is_ready()
    assert repr(thread) == "<EventThread 'named': not started>"
    thread.start()
    assert thread.is_ready()
    assert repr(thread) == "<EventThread 'named': running>"
    thread.stop(SOON)
    assert not thread.is_ready()
    assert repr(thread) == "<EventThread 'named': stopped>"


def test_names_are_right(thread: EventThread) -> None:
    python = thread.submit(threading.current_thread).result(SOON)
    assert python.name == thread.name == "fixture"
    assert python.is_alive()
    assert python in threading.enumerate()
    assert not any(isinstance(known, threading._DummyThread) for known in threading.enumerate())
    thread.stop(SOON)
    assert not python.is_alive()
    assert python not in threading.enumerate()


def test_add_done_callback() -> None:
    heard: list[Any] = []
    thread = EventThread()
    thread.add_done_callback(lambda future: heard.append(future.done()))
    with thread:
        thread.submit(int).result(SOON)
        assert not heard
    assert heard == [True]
    thread.add_done_callback(lambda future: heard.append("again"))
    assert heard == [True, "again"]


def test_add_done_callback_is_on_the_thread() -> None:
    heard: list[threading.Thread] = []
    with EventThread("named") as thread:
        thread.add_done_callback(lambda _: heard.append(threading.current_thread()))
        its = thread.submit(threading.current_thread).result(SOON)
    assert heard == [its]
    assert not any(isinstance(known, threading._DummyThread) for known in threading.enumerate())


def test_quit_on_the_thread_itself() -> None:
    thread = EventThread()
    thread.start()
    thread.submit(thread.quit).result(SOON)
    thread.join(SOON)
    assert not thread.is_ready()


def test_the_loop_is_stopped_by_who_runs_on_it() -> None:
    thread = EventThread()
    thread.start()
    thread.call_soon(thread.get_loop().stop)
    thread.join(SOON)
    with pytest.raises(RuntimeError):
        thread.submit(int)


def test_join_with_a_timeout(thread: EventThread) -> None:
    with pytest.raises(TimeoutError, match=r"has not ended after 0\.001 s"):
        thread.join(0.001)


def test_stop_with_a_timeout() -> None:
    thread = EventThread()
    thread.start()
    opened = threading.Event()
    thread.submit(opened.wait)
    with pytest.raises(TimeoutError):
        thread.stop(0.001)
    opened.set()
    thread.stop(SOON)


# Deadlocks


def test_it_cannot_wait_for_its_own_end(thread: EventThread) -> None:
    with pytest.raises(WouldDeadlockError, match="would deadlock: fixture cannot join itself"):
        thread.submit(thread.join).result(SOON)
    assert issubclass(WouldDeadlockError, RuntimeError)

    async def coroutine() -> None:
        with pytest.raises(WouldDeadlockError):
            thread.join()

    thread.submit(coroutine).result(SOON)


def test_it_cannot_wait_for_what_it_has_to_run(thread: EventThread) -> None:
    async def coroutine() -> int:
        future = thread.submit(double, 4)
        with pytest.raises(WouldDeadlockError, match="would deadlock: double"):
            future.result()
        with pytest.raises(WouldDeadlockError):
            future.exception(1)
        return await future

    assert thread.submit(coroutine).result(SOON) == 8


def test_what_is_done_may_be_asked_there(thread: EventThread) -> None:
    future = thread.submit(double, 4)
    future.result(SOON)
    assert thread.submit(future.result).result(SOON) == 8


# async with


def test_async_with_does_not_block_the_other_loop() -> None:
    async def main() -> None:
        leaving, opened = asyncio.Event(), threading.Event()
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            await leaving.wait()
            for ticks in range(1, 6):  # noqa: B007
                await asyncio.sleep(0)
            # Only now may the thread end.
            opened.set()

        task = asyncio.create_task(tick())
        async with EventThread() as thread:
            assert await thread.submit(double, 2) == 4
            thread.submit(opened.wait)
            leaving.set()
        await task
        assert ticks == 5
        assert not thread.is_ready()

    asyncio.run(main())


def test_async_with_that_is_cancelled() -> None:
    async def main() -> EventThread:
        entered, opened = asyncio.Event(), threading.Event()
        threads: list[EventThread] = []

        async def use() -> None:
            async with EventThread() as thread:
                threads.append(thread)
                thread.submit(opened.wait)
                entered.set()

        task = asyncio.create_task(use())
        await entered.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        opened.set()
        return threads[0]

    thread = asyncio.run(main())
    thread.join(SOON)


def test_an_error_in_the_block_comes_through() -> None:
    with pytest.raises(KeyError), EventThread() as thread:
        future = thread.submit(for_ever)
        raise KeyError
    assert future.cancelled()


# Stop


def test_stop_cancels_coroutines_and_runs_functions() -> None:
    cleaned: list[str] = []
    opened = threading.Event()

    async def coroutine() -> None:
        try:
            await for_ever()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    thread = EventThread()
    thread.start()
    running = begin(thread, coroutine)
    thread.submit(opened.wait)
    queued = [thread.submit(pow, 2, i) for i in range(20)]
    late = [thread.submit(coroutine) for _ in range(5)]
    quick = [thread.submit(double, i) for i in range(5)]
    thread.quit()
    opened.set()
    thread.join(SOON)
    assert running.cancelled()
    assert cleaned
    assert [future.result(0) for future in queued] == [2 ** i for i in range(20)]
    assert all(future.cancelled() for future in late)
    assert all(future.done() for future in quick)


def test_stop_closes_async_generators_and_the_default_executor() -> None:
    seen: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            seen.append("generator closed")

    kept: list[Any] = []

    async def coroutine() -> int:
        generator = numbers()
        kept.append(generator)
        await asyncio.to_thread(int)
        return await anext(generator)

    with EventThread() as thread:
        assert thread.submit(coroutine).result(SOON) == 1
        loop = thread.get_loop()
        assert not seen
    assert seen == ["generator closed"]
    assert loop.is_closed()
    assert not [known for known in threading.enumerate() if known.name.startswith("asyncio_")]


def test_stop_settles_tornado_coroutines() -> None:
    gen = pytest.importorskip("tornado.gen")

    @gen.coroutine
    def coroutine() -> Any:
        yield gen.sleep(3600)

    thread = EventThread()
    thread.start()
    futures = [begin(thread, coroutine), thread.submit(gen.sleep, 3600)]
    thread.stop(SOON)
    _, rest = concurrent.futures.wait(futures, SOON)
    assert not rest


def test_an_error_while_it_is_cancelled_is_kept() -> None:
    async def coroutine() -> None:
        try:
            await for_ever()
        finally:
            raise KeyError("while cleaning up")

    with EventThread() as thread:
        future = begin(thread, coroutine)
    with pytest.raises(KeyError, match="while cleaning up"):
        future.result(0)


def test_what_a_coroutine_starts_while_it_is_cancelled() -> None:
    ended: list[int] = []

    async def more(n: int) -> None:
        try:
            await for_ever()
        finally:
            ended.append(n)
            if n < 5:
                asyncio.create_task(more(n + 1))  # noqa: RUF006
                await asyncio.sleep(0)

    with EventThread() as thread:
        begin(thread, lambda: more(0))
    assert ended == [0, 1, 2, 3, 4, 5]


def test_the_unclaimed_error_of_a_task_is_reported() -> None:
    heard: list[Any] = []

    async def fail() -> None:
        raise KeyError("in a task")

    async def coroutine() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: heard.append(context["exception"]))
        asyncio.create_task(fail())  # noqa: RUF006
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    with EventThread() as thread:
        thread.submit(coroutine).result(SOON)
        gc.collect()
        assert eventually(lambda: bool(heard))
    assert isinstance(heard[0], KeyError)


@pytest.mark.parametrize("how", ["run_coroutine_threadsafe", "submit"])
def test_hammered_while_it_stops(how: str) -> None:
    """Every future settles, or the call raises."""
    for _ in range(50):
        thread = EventThread()
        thread.start()
        loop = thread.get_loop()
        taken: list[list[Any]] = [[] for _ in range(4)]

        def hammer(futures: list[Any], thread: EventThread = thread, loop: Any = loop) -> None:
            while True:
                coroutine = double(1) if len(futures) % 2 else for_ever()
                if len(futures) > 100:
                    # It is about the end, not about how much there is to be ended.
                    time.sleep(0.0005)
                try:
                    if how == "submit":
                        futures.append(thread.submit(coroutine))
                    else:
                        futures.append(asyncio.run_coroutine_threadsafe(coroutine, loop))
                except RuntimeError:
                    coroutine.close()
                    return

        threads = [threading.Thread(target=hammer, args=(futures,)) for futures in taken]
        for other in threads:
            other.start()
        assert eventually(lambda taken=taken: all(len(futures) > 3 for futures in taken))
        thread.stop(SOON)
        for other in threads:
            other.join(SOON)
            assert not other.is_alive()
        futures = [future for part in taken for future in part]
        done, rest = concurrent.futures.wait(futures, SOON)
        assert not rest
        for future in done:
            with contextlib.suppress(CancelledError):
                assert future.result(0) == 2


def test_started_and_stopped_many_times() -> None:
    n_threads = threading.active_count()
    n_files = len(os.listdir("/proc/self/fd"))
    for i in range(100):
        with EventThread() as thread:
            assert thread.submit(double, i).result(SOON) == i * 2
    assert eventually(lambda: threading.active_count() <= n_threads)
    gc.collect()
    assert eventually(lambda: len(os.listdir("/proc/self/fd")) <= n_files + 2)


# Dropping it


def test_dropping_it_ends_the_thread() -> None:
    thread = EventThread()
    thread.start()
    future = begin(thread)
    python = thread.submit(threading.current_thread).result(SOON)
    del thread
    assert eventually(lambda: not python.is_alive())
    assert future.cancelled()


def test_dropping_it_on_the_thread_itself() -> None:
    thread = EventThread()
    thread.start()
    python = thread.submit(threading.current_thread).result(SOON)
    box = [thread]
    del thread

    def drop() -> None:
        box.clear()

    box[0].submit(drop).result(SOON)
    assert eventually(lambda: not python.is_alive())


def test_dropping_one_that_was_never_started() -> None:
    for _ in range(10):
        EventThread()
    gc.collect()


# The end of the interpreter, and forks


def test_the_interpreter_ends_with_one_that_runs() -> None:
    outcome = script("""
        import asyncio
        async def for_ever():
            try:
                await asyncio.Event().wait()
            finally:
                print("cleaned up", flush=True)
        t = threadloop.EventThread()
        t.start()
        t.submit(for_ever)
        print(t.submit(abs, -1).result(), flush=True)
    """)
    assert outcome.err == ""
    assert outcome.out == "1\ncleaned up\n"
    assert outcome.status == 0
    assert outcome.seconds < SOON


def test_the_child_of_a_fork(thread: EventThread) -> None:
    thread.submit(int).result(SOON)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            uses: list[Callable[[], object]] = [
                lambda: thread.submit(int), thread.get_loop, lambda: thread.call_soon(int),
                lambda: thread.call_later(0, int),
            ]
            for use in uses:
                with pytest.raises(RuntimeError, match="stayed behind"):
                    use()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert thread.submit(double, 2).result(SOON) == 4


def test_a_new_one_in_the_child_of_a_fork() -> None:
    outcome = script("""
        t = threadloop.EventThread()
        t.start()
        t.submit(int).result()
        pid = os.fork()
        with threadloop.EventThread() as t2:
            os.write(1, b"%d\\n" % t2.submit(abs, -2).result())
        if not pid:
            # The thread behind faulthandler's timer has stayed behind, too,
            # and the interpreter would wait for it.
            os._exit(0)
        if pid:
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            t.stop()
    """)
    assert outcome.err == ""
    assert outcome.out == "2\n2\n0\n"
    assert outcome.status == 0
