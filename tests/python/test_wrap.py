# SPDX-License-Identifier: LGPL-2.1-or-later
"""wrap_future(): other people's futures in the GLib main loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import pytest
from conftest import SOON, Gate, run_loop
from gi.repository import Tl

import threadloop
from threadloop import EventThread, Executor, Future, WouldDeadlockError, wrap_future


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def fail() -> None:
    raise KeyError("deep inside")


# What comes through


def test_our_own_is_returned_as_it_is() -> None:
    future: Future[int] = Future()
    assert wrap_future(future) is future


def test_a_result(pool: ThreadPoolExecutor) -> None:
    future = wrap_future(pool.submit(pow, 2, 5))
    assert isinstance(future, Future)
    assert future.result(SOON) == 32
    assert wrap_future(future) is future


def test_one_that_is_done_already() -> None:
    source: concurrent.futures.Future[int] = concurrent.futures.Future()
    source.set_result(3)
    assert wrap_future(source).result(0) == 3


def test_an_error_keeps_its_type_and_traceback(pool: ThreadPoolExecutor) -> None:
    source = pool.submit(fail)
    future = wrap_future(source)
    error = future.exception(SOON)
    assert error is source.exception()
    assert isinstance(error, KeyError)
    assert "fail" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_on_done_comes_on_the_main_loop(pool: ThreadPoolExecutor, gate: Gate) -> None:
    heard: list[Any] = []
    wrap_future(pool.submit(gate, True)).on_done(
        lambda future: heard.append((threading.current_thread(), future.result())))
    gate.open()
    assert run_loop(lambda: bool(heard))
    assert heard == [(threading.main_thread(), True)]


def test_it_can_be_awaited(pool: ThreadPoolExecutor) -> None:
    async def main() -> int:
        return await wrap_future(pool.submit(pow, 2, 3))

    assert asyncio.run(main()) == 8
    assert threadloop.run(main()) == 8


def test_wait_and_as_completed_take_it(pool: ThreadPoolExecutor) -> None:
    futures = [wrap_future(pool.submit(abs, -i)) for i in range(3)]
    done, rest = concurrent.futures.wait(futures, SOON)
    assert len(done) == 3
    assert not rest


def test_progress_shows_the_end(pool: ThreadPoolExecutor, gate: Gate) -> None:
    future = wrap_future(pool.submit(gate, True))
    progress = future.progress
    future.set_progress(0.5, "half")
    gate.open()
    assert run_loop(lambda: progress.props.state == Tl.FutureState.DONE)


# Cancelling


def test_cancel_reaches_what_is_queued(pool: ThreadPoolExecutor, gate: Gate) -> None:
    pool.submit(gate, True)
    source = pool.submit(fail)
    future = wrap_future(source)
    assert future.cancel()
    assert source.cancelled()
    assert future.cancelled()
    assert future.cancel()
    gate.open()
    with pytest.raises(CancelledError):
        future.result(0)


def test_cancel_cannot_reach_what_runs(pool: ThreadPoolExecutor, gate: Gate) -> None:
    future = wrap_future(pool.submit(gate, 7))
    gate.wait_reached()
    assert future.running()
    assert not future.cancel()
    assert future.cancel_requested()
    assert future.cancellable.is_cancelled()
    gate.open()
    assert future.result(SOON) == 7
    assert not future.running()
    assert not future.cancel()


def test_cancel_of_the_source_comes_through() -> None:
    source: concurrent.futures.Future[int] = concurrent.futures.Future()
    future = wrap_future(source)
    source.cancel()
    assert future.cancelled()


def test_cancelling_who_awaits_cancels_the_source(pool: ThreadPoolExecutor, gate: Gate) -> None:
    pool.submit(gate, True)
    source = pool.submit(fail)

    async def main() -> None:
        async def wait() -> None:
            await wrap_future(source)

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert source.cancelled()
    gate.open()


def test_who_sets_it_first_wins() -> None:
    source: concurrent.futures.Future[int] = concurrent.futures.Future()
    future = wrap_future(source)
    future.set_result(1)
    source.set_result(2)
    assert future.result() == 1


# asyncio's and Tornado's


def test_an_asyncio_future_on_its_own_loop() -> None:
    async def main() -> str:
        source: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future = wrap_future(source)
        source.set_result("here")
        return await future

    assert asyncio.run(main()) == "here"


def test_waiting_on_the_loop_of_the_task_would_deadlock() -> None:
    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        with pytest.raises(WouldDeadlockError, match="would deadlock"):
            wrap_future(task).result()
        task.cancel()

    asyncio.run(main())


def test_a_task_of_another_thread(thread: EventThread) -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 5

    async def start() -> list[asyncio.Task[int]]:
        return [asyncio.create_task(work())]

    task = thread.submit(start).result(SOON)[0]
    assert wrap_future(task).result(SOON) == 5
    assert wrap_future(task).result(SOON) == 5


def test_cancel_of_a_task_on_another_thread(thread: EventThread) -> None:
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async def start() -> list[asyncio.Task[None]]:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        return [task]

    future = wrap_future(thread.submit(start).result(SOON)[0])
    assert not future.done()
    future.cancel()
    with pytest.raises(CancelledError):
        future.result(SOON)
    assert ended.is_set()


def test_a_task_that_refuses_to_be_cancelled(thread: EventThread) -> None:
    async def work() -> str:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return "no"
        return "late"

    async def start() -> list[asyncio.Task[str]]:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        return [task]

    future = wrap_future(thread.submit(start).result(SOON)[0])
    assert not future.cancel()
    assert future.result(SOON) == "no"


def test_an_error_of_a_task(thread: EventThread) -> None:
    async def work() -> None:
        fail()

    async def start() -> list[asyncio.Task[None]]:
        return [asyncio.create_task(work())]

    error = wrap_future(thread.submit(start).result(SOON)[0]).exception(SOON)
    assert isinstance(error, KeyError)
    assert error.__traceback__ is not None


def test_the_future_of_a_loop_that_was_closed() -> None:
    loop = asyncio.new_event_loop()
    done: asyncio.Future[int] = loop.create_future()
    done.set_result(1)
    left = loop.create_future()
    future = wrap_future(left)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert wrap_future(done).result(0) == 1
    future.cancel()
    assert future.cancelled()


def test_a_tornado_future() -> None:
    tornado_concurrent = pytest.importorskip("tornado.concurrent")

    async def main() -> int:
        source = tornado_concurrent.Future()
        future = wrap_future(source)
        source.set_result(9)
        result: int = await future
        return result

    assert asyncio.run(main()) == 9


# What has the methods of a future


class Duck:
    """As Dask's own futures are."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Any], object]] = []
        self.state = "pending"

    def add_done_callback(self, fn: Callable[[Any], object]) -> None:
        self.callbacks.append(fn)

    def end(self, state: str) -> None:
        self.state = state
        for fn in self.callbacks:
            fn(self)

    def cancel(self) -> None:
        self.end("cancelled")

    def cancelled(self) -> bool:
        return self.state == "cancelled"

    def exception(self) -> BaseException | None:
        return OSError("far away") if self.state == "failed" else None

    def result(self) -> str:
        return "from a duck"


def test_a_duck() -> None:
    duck = Duck()
    future = wrap_future(duck)
    duck.end("done")
    assert future.result(0) == "from a duck"


def test_a_duck_that_fails() -> None:
    duck = Duck()
    future = wrap_future(duck)
    duck.end("failed")
    with pytest.raises(OSError, match="far away"):
        future.result(0)


def test_a_duck_that_is_cancelled() -> None:
    future = wrap_future(Duck())
    assert future.cancel()
    assert future.cancelled()


# What it does not take


@pytest.mark.parametrize("thing", [None, 3, "text", Duck, concurrent.futures.Future, object()])
def test_what_is_no_future(thing: object) -> None:
    with pytest.raises(TypeError, match=r"wrap_future\(\) wants a future of concurrent.futures, asyncio"):
        wrap_future(thing)


def test_a_function_is_to_be_submitted() -> None:
    with pytest.raises(TypeError, match=r"submit\(\) it"):
        wrap_future(fail)


def test_a_coroutine_has_no_future() -> None:
    async def work() -> None:
        pass

    # A warning that it was never awaited would be an error here.
    with pytest.raises(TypeError, match=r"asyncio.ensure_future\(\)"):
        wrap_future(work())


# Who keeps whom alive


def test_nothing_is_kept_alive(pool: ThreadPoolExecutor) -> None:
    source = pool.submit(abs, -1)
    future = wrap_future(source)
    future.result(SOON)
    known = weakref.ref(source), weakref.ref(future)
    del source
    gc.disable()
    try:
        del future
        pool.submit(abs, -1).result(SOON)  # which the worker has in its hand
        pool.submit(abs, -1).result(SOON)
        assert [ref() for ref in known] == [None, None]
    finally:
        gc.enable()


def test_for_our_executors_it_is_there_too() -> None:
    with Executor(1) as executor:
        assert wrap_future(executor.submit(pow, 3, 2)).result(SOON) == 9
