# SPDX-License-Identifier: LGPL-2.1-or-later
"""The end of an executor: it is shut down, or dropped."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import threading
import weakref
from typing import Any

import pytest
from conftest import SOON, Gate, Pools, eventually, ours, script
from gi.repository import GLib, Tl

import threadloop
from threadloop import Executor, Future, WouldDeadlockError
from threadloop._home import home_of_thread

# ---- shutdown ----


def test_shutdown_waits_for_what_was_accepted(pools: Pools) -> None:
    executor = pools(2)
    done: list[int] = []
    for i in range(100):
        executor.submit(done.append, i)
    executor.shutdown()
    assert sorted(done) == list(range(100))
    assert executor.n_queued == executor.n_running == 0


def test_shutdown_waits_for_the_threads(pools: Pools) -> None:
    executor = pools(3, "gone")
    concurrent.futures.wait([executor.submit(int) for _ in range(30)], SOON)
    executor.shutdown()
    assert ours("gone_") == []


def test_leaving_the_with_block_waits() -> None:
    done: list[int] = []
    with Executor(2) as executor:
        for i in range(20):
            executor.submit(done.append, i)
    assert sorted(done) == list(range(20))


def test_shutdown_cancels_what_is_queued_if_asked(pool: Executor, gate: Gate) -> None:
    running = pool.submit(gate, "ran")
    gate.wait_reached()
    queued = [pool.submit(int) for _ in range(10)]
    pool.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in queued)
    assert not running.done()
    gate.open()
    assert running.result(SOON) == "ran"


def test_shutdown_cancels_what_runs_if_asked(pools: Pools) -> None:
    executor = pools(2)
    begun = threading.Barrier(3)

    async def sleep() -> None:
        begun.wait(SOON)
        await asyncio.sleep(SOON)

    def work() -> None:
        begun.wait(SOON)
        future = threadloop.current_future()
        assert future is not None
        assert eventually(future.cancel_requested)
        raise concurrent.futures.CancelledError

    futures = [executor.submit(sleep), executor.submit(work)]
    begun.wait(SOON)
    queued = executor.submit(int)
    executor.shutdown(cancel_futures="all", timeout=SOON)
    assert [future.cancelled() for future in [*futures, queued]] == [True] * 3


@pytest.mark.parametrize("priority", [0, 5])
def test_shutdown_that_cancels_all_reaches_what_is_about_to_run(pools: Pools, priority: int) -> None:
    executor = pools(4)
    view = executor.with_priority(priority)
    # There are threads enough for all of them, and none of those gets in yet.
    with executor._place.lock:
        futures = [view.submit(int) for _ in range(4)]
        executor.shutdown(wait=False, cancel_futures="all")
        assert all(future.cancelled() for future in futures)
    executor.shutdown(timeout=SOON)


def test_shutdown_that_cancels_all_reaches_what_was_taken_and_not_begun(pools: Pools) -> None:
    executor = pools(1)
    place = executor._place
    taken, goes_on = threading.Event(), threading.Event()

    class Late(Future[None]):
        def _claim(self) -> bool:
            taken.set()
            assert goes_on.wait(SOON)
            return super()._claim()

    future = Late()
    future._home = home_of_thread()
    future._fn = threading.Event().wait
    future._condition  # noqa: B018 - so that it is not claimed under the lock of the place
    place.put(future)
    assert taken.wait(SOON)
    executor.shutdown(wait=False, cancel_futures="all")
    goes_on.set()
    executor.shutdown(timeout=SOON)
    assert future.cancelled()


def test_shutdown_says_what_it_wants(pool: Executor) -> None:
    for wrong in (lambda: pool.shutdown(Tl.Shutdown.CANCEL_ALL), lambda: pool.shutdown(cancel_futures="some")):
        with pytest.raises(TypeError, match="cancel_futures"):
            wrong()
    assert pool.submit(int).result(SOON) == 0


def test_what_is_cancelled_keeps_no_context_that_nobody_iterates() -> None:
    executor = Executor.for_context(GLib.MainContext.new())
    later = executor.with_priority(GLib.PRIORITY_LOW)
    futures = [place.submit(int) for place in (executor, later) for _ in range(3)]
    executor.shutdown(cancel_futures=True, timeout=SOON)
    assert all(future.cancelled() for future in futures)

    executor = Executor.for_context(GLib.MainContext.new())
    futures = [executor.submit(int) for _ in range(3)]
    executor.shutdown(wait=False)
    for future in futures:
        future.cancel()
    executor.shutdown(timeout=SOON)


def test_the_executor_of_an_event_thread_is_not_for_shutting_down(thread: threadloop.EventThread) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        thread.executor.shutdown()
    assert thread.submit(int).result(SOON) == 0


def test_async_with_ends_it_without_blocking_the_loop(gate: Gate) -> None:
    async def main() -> None:
        async with Executor(2) as executor:
            future = executor.submit(gate, 5)
            asyncio.get_running_loop().call_soon(gate.open)
        assert future.done()
        assert await future == 5
        with pytest.raises(RuntimeError, match="after shutdown"):
            executor.submit(int)

    asyncio.run(main())


def test_async_with_in_a_coroutine_of_its_own_is_refused(pools: Pools) -> None:
    executor = pools(1)

    async def work() -> None:
        async with executor:
            pass

    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        executor.submit(work).result(SOON)


def test_a_shared_executor_is_no_context_manager() -> None:
    async def enter() -> None:
        async with Executor.default():
            raise AssertionError

    with pytest.raises(RuntimeError, match="shared"), Executor.default():
        raise AssertionError
    with pytest.raises(RuntimeError, match="shared"):
        asyncio.run(enter())


def test_shutdown_with_a_time_limit_raises_and_goes_on(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate, 1)
    gate.wait_reached()
    with pytest.raises(TimeoutError, match="1 running"):
        pool.shutdown(timeout=0.02)
    with pytest.raises(RuntimeError):
        pool.submit(int)
    gate.open()
    pool.shutdown(timeout=SOON)
    assert future.result(0) == 1


def test_shutdown_may_be_called_often_and_from_many_threads(pool: Executor, gate: Gate) -> None:
    pool.submit(gate)
    gate.wait_reached()
    threads = [threading.Thread(target=pool.shutdown) for _ in range(4)]
    for thread in threads:
        thread.start()
    pool.shutdown(wait=False)
    gate.open()
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()
    pool.shutdown()
    pool.shutdown(cancel_futures=True)


def test_shutdown_of_an_executor_that_was_never_used() -> None:
    executor = Executor()
    executor.shutdown()
    with Executor():
        pass


def test_shutdown_from_a_worker_of_its_own_is_an_error_and_no_hang(pool: Executor) -> None:
    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        pool.submit(pool.shutdown).result(SOON)
    assert issubclass(WouldDeadlockError, RuntimeError)


def test_shutdown_without_wait_from_a_worker_of_its_own_works(pools: Pools) -> None:
    executor = pools(1)
    after = threading.Event()

    def work() -> None:
        executor.submit(after.set)
        executor.shutdown(wait=False)

    executor.submit(work).result(SOON)
    assert after.wait(SOON)
    executor.shutdown(timeout=SOON)


# ---- Dropping it ----


def test_dropping_an_executor_runs_what_is_queued_and_never_blocks(gate: Gate) -> None:
    executor = Executor(1, "dropped")
    executor.submit(gate)
    gate.wait_reached()
    done: list[int] = []
    futures = [executor.submit(done.append, i) for i in range(20)]
    del executor  # would hang here, since the gate is closed
    gc.collect()
    gate.open()
    concurrent.futures.wait(futures, SOON)
    assert done == list(range(20))
    assert eventually(lambda: not ours("dropped_"))


def test_dropping_an_executor_that_nobody_used_leaves_nothing() -> None:
    gone = weakref.ref(Executor())
    gc.collect()
    assert gone() is None


def test_dropping_it_in_the_collector_never_blocks(gate: Gate) -> None:
    executor = Executor(1)
    executor.submit(gate)
    gate.wait_reached()
    last = executor.submit(int)
    cycle: list[Any] = [executor]
    cycle.append(cycle)
    gone = weakref.ref(executor)
    del executor, cycle
    assert eventually(lambda: gone() is None)
    gate.open()
    assert last.result(SOON) == 0


def test_dropping_it_inside_of_a_worker_of_its_own_never_blocks() -> None:
    executor: list[Executor] = [Executor(1, "self")]
    done = threading.Event()

    def work() -> int:
        executor[0].submit(done.set)
        executor.clear()
        gc.collect()
        return 1

    assert executor[0].submit(work).result(SOON) == 1
    assert done.wait(SOON)
    assert eventually(lambda: not ours("self_"))


def test_a_subclass_whose_constructor_raises_is_dropped_quietly() -> None:
    outcome = script("""
    class Bad(threadloop.Executor):
        def __init__(self):
            raise ValueError
    try:
        Bad()
    except ValueError:
        pass
    gc.collect()
    """)
    assert (outcome.status, outcome.err) == (0, ""), outcome.err
