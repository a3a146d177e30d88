# SPDX-License-Identifier: LGPL-2.1-or-later
"""The executor: waiting for room, and for what it has to run itself."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from conftest import SOON, Gate, Pools, eventually
from gi.repository import Tl

import threadloop
from threadloop import Executor, Future, WouldDeadlockError

# ---- A bounded queue ----


def test_submit_waits_for_room_and_wakes(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=2)
    executor.submit(gate)
    gate.wait_reached()
    futures = [executor.submit(int) for _ in range(2)]
    assert executor.n_queued == 2
    submitted = threading.Event()

    def blocked() -> None:
        futures.append(executor.submit(int))
        submitted.set()

    thread = threading.Thread(target=blocked)
    thread.start()
    assert not submitted.wait(0.05)
    gate.open()
    assert submitted.wait(SOON)
    thread.join()
    assert [future.result(SOON) for future in futures] == [0] * 3


def test_submit_to_a_full_queue_fails_if_asked(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=2, when_full=Tl.WhenFull.FAIL)
    executor.submit(gate)
    gate.wait_reached()
    queued = [executor.submit(int) for _ in range(2)]
    with pytest.raises(threadloop.QueueFullError, match="2 wait"):
        executor.submit(int)
    queued[0].cancel()
    queued.append(executor.submit(int))
    gate.open()
    assert [future.result(SOON) for future in queued[1:]] == [0, 0]


def test_cancelling_a_queued_one_makes_room(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=1)
    executor.submit(gate)
    gate.wait_reached()
    queued = executor.submit(int)
    submitted = threading.Event()
    thread = threading.Thread(target=lambda: (executor.submit(int), submitted.set()))
    thread.start()
    assert not submitted.wait(0.02)
    queued.cancel()
    assert submitted.wait(SOON)
    gate.open()
    thread.join()


def test_many_threads_share_a_small_queue(pools: Pools) -> None:
    executor = pools(2, max_queued=3)
    futures: list[Any] = []

    def submits() -> None:
        for i in range(200):
            futures.append(executor.submit(abs, -i))
            assert executor.n_queued <= 3

    threads = [threading.Thread(target=submits) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert sum(future.result(SOON) for future in futures) == 4 * sum(range(200))


def test_shutdown_wakes_who_waits_for_room(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=1)
    executor.submit(gate)
    gate.wait_reached()
    executor.submit(int)
    errors: list[BaseException] = []
    waiting = threading.Event()

    def blocked() -> None:
        waiting.set()
        try:
            executor.submit(int)
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=blocked)
    thread.start()
    assert waiting.wait(SOON)
    time.sleep(0.01)
    executor.shutdown(wait=False)
    thread.join(SOON)
    assert not thread.is_alive() and errors


def test_a_worker_that_submits_to_its_own_full_pool_does_not_hang(pools: Pools) -> None:
    executor = pools(1, max_queued=1)

    def work(depth: int) -> int:
        futures = [executor.submit(abs, -i) for i in range(10)]
        return sum(future.result(SOON) for future in futures)

    assert executor.submit(work, 3).result(SOON) == 45


def test_workers_that_fill_each_others_queue_do_not_hang(pools: Pools) -> None:
    a, b = pools(1, "a", max_queued=2), pools(1, "b", max_queued=2)

    def work(other: Executor, n: int) -> list[Any]:
        return [other.submit(abs, -i) for i in range(n)]

    one, two = a.submit(work, a, 50), b.submit(work, b, 50)
    assert sum(f.result(SOON) for f in one.result(SOON) + two.result(SOON)) == 2 * sum(range(50))


def test_control_c_interrupts_a_wait_for_room(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=1)
    executor.submit(gate)
    gate.wait_reached()
    first = executor.submit(int)
    interrupt(executor.submit, int)
    gate.open()
    assert first.result(SOON) == 0
    assert executor.submit(int, "2").result(SOON) == 2


def test_control_c_interrupts_a_wait_for_a_result(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate, 6)
    gate.wait_reached()
    interrupt(future.result)
    gate.open()
    assert future.result(SOON) == 6


def test_what_is_refused_calls_nobody(pools: Pools) -> None:
    executor = pools(2, max_queued=1, when_full=Tl.WhenFull.FAIL)
    place = executor._place
    called: list[object] = []
    call, place.call = place.call, lambda: called.append(place)  # type: ignore[method-assign]
    future = executor.submit(int)
    for _ in range(10):
        with pytest.raises(threadloop.QueueFullError):
            executor.submit(int)
    assert called == [place]
    call()
    assert future.result(SOON) == 0


# ---- wait() and as_completed() inside ----


@pytest.mark.parametrize("when", [concurrent.futures.ALL_COMPLETED, concurrent.futures.FIRST_EXCEPTION,
                                  concurrent.futures.FIRST_COMPLETED])
def test_wait_inside_of_a_task_runs_what_is_queued(pool: Executor, when: str) -> None:
    def work() -> int:
        futures = [pool.submit(int, n) for n in range(3)]
        done, not_done = concurrent.futures.wait(futures, SOON, when)
        assert done
        assert all(not future._outside for future in futures)
        return len(done) if not not_done else -len(done)

    assert pool.submit(work).result(SOON) == (-1 if when == concurrent.futures.FIRST_COMPLETED else 3)


@pytest.mark.parametrize("priority", [0, 5])
def test_as_completed_inside_of_a_task_does_not_look_at_all_again_for_each(pool: Executor, priority: int) -> None:
    looks = 0

    class Counted(Future[int]):
        def done(self) -> bool:
            nonlocal looks
            looks += 1
            return super().done()

    def work() -> int:
        futures = [pool.with_priority(priority).submit(int) for _ in range(200)]
        for future in futures:
            future.__class__ = Counted
        return sum(future.result() for future in concurrent.futures.as_completed(futures, SOON))

    assert pool.submit(work).result(SOON) == 0
    assert looks < 1000


def test_as_completed_inside_of_a_task_runs_what_is_queued(pool: Executor) -> None:
    def work() -> list[int]:
        futures = [pool.submit(int, n) for n in range(5)]
        return [future.result() for future in concurrent.futures.as_completed(futures, SOON)]

    assert sorted(pool.submit(work).result(SOON)) == list(range(5))


def test_all_workers_wait_for_more(pools: Pools) -> None:
    executor = pools(3)
    barrier = threading.Barrier(3)

    def work() -> int:
        futures = [executor.submit(int, 1) for _ in range(10)]
        barrier.wait(SOON)
        return len(concurrent.futures.wait(futures).done)

    assert [future.result(SOON) for future in [executor.submit(work) for _ in range(3)]] == [10] * 3


def test_wait_with_a_time_of_none_runs_nothing(pool: Executor) -> None:
    def work() -> int:
        return len(concurrent.futures.wait([pool.submit(int)], 0).done)

    assert pool.submit(work).result(SOON) == 0


def test_wait_for_what_another_worker_runs(pools: Pools, gate: Gate) -> None:
    executor = pools(2)
    other = executor.submit(gate, 5)
    gate.wait_reached()

    def work() -> int:
        mine = executor.submit(int)
        gate.open()
        return len(concurrent.futures.wait([other, mine]).done)

    assert executor.submit(work).result(SOON) == 2


def test_the_first_of_several_need_not_be_ones_own(pools: Pools, pool: Executor) -> None:
    other = pools(1)

    def work() -> bool:
        mine = threadloop.current_future()
        theirs = other.submit(int)
        done, _ = concurrent.futures.wait([mine, theirs], SOON, concurrent.futures.FIRST_COMPLETED)
        return done == {theirs}

    assert pool.submit(work).result(SOON)


def test_wait_for_oneself_is_refused(pool: Executor, thread: threadloop.EventThread) -> None:
    def work() -> None:
        concurrent.futures.wait([threadloop.current_future()])

    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        pool.submit(work).result(SOON)
    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        thread.submit(lambda: concurrent.futures.wait([thread.submit(int)])).result(SOON)


def test_control_c_interrupts_a_shutdown(gate: Gate) -> None:
    executor = Executor(1)
    future = executor.submit(gate, 6)
    gate.wait_reached()
    interrupt(executor.shutdown)
    gate.open()
    executor.shutdown(timeout=SOON)
    assert future.result(SOON) == 6


def interrupt(wait: Callable[..., object], *args: object) -> None:
    """Somebody presses Ctrl-C, most likely while it waits; if that comes before, it is right as well."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGINT])
    try:
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            wait(*args)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)


def test_cancelling_keeps_count(pools: Pools) -> None:
    pool = pools(1, max_queued=1000)
    for _ in range(2000):
        pool.submit(int).cancel()
    pool.submit(int).result(SOON)
    assert eventually(lambda: (pool.n_queued, pool.n_running) == (0, 0))


def test_what_a_waiting_task_runs_itself_leaves_room(pools: Pools) -> None:
    pool = pools(1, max_queued=1)
    inside, come = threading.Event(), threading.Event()

    def work() -> bool:
        child = pool.submit(int)
        inside.set()
        # Somebody waits for room by now, or will.
        child.result(SOON)
        return come.wait(SOON)

    def other() -> threadloop.Future[int]:
        inside.wait(SOON)
        future = pool.submit(int)
        come.set()
        return future

    future = pool.submit(work)
    with concurrent.futures.ThreadPoolExecutor(1) as submitter:
        late = submitter.submit(other)
        assert future.result(SOON)
        assert late.result(SOON).result(SOON) == 0


# ---- No silent deadlock ----


def test_waiting_inside_of_one_worker_runs_the_inner_task(pool: Executor) -> None:
    assert pool.submit(lambda: pool.submit(int, "5").result(SOON)).result(SOON) == 5


def test_waits_nest_fifty_deep_in_one_worker(pool: Executor) -> None:
    def nest(depth: int) -> int:
        return 0 if depth == 0 else pool.submit(nest, depth - 1).result(SOON) + 1

    assert pool.submit(nest, 50).result(SOON) == 50


def test_waiting_for_oneself_would_deadlock(pool: Executor) -> None:
    def work() -> None:
        future = threadloop.current_future()
        assert future is not None
        future.result()

    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        pool.submit(work).result(SOON)


def test_waiting_for_an_outer_task_of_ones_own_thread_would_deadlock(pool: Executor) -> None:
    def outer() -> Any:
        return pool.submit(inner, threadloop.current_future()).exception(SOON)

    def inner(future: Any) -> None:
        future.result()

    assert isinstance(pool.submit(outer).result(SOON), WouldDeadlockError)


def test_two_tasks_that_wait_for_what_the_other_has_queued(pools: Pools) -> None:
    executor = pools(2)
    together = threading.Barrier(2)
    inner: dict[int, Any] = {}

    def work(me: int) -> Any:
        inner[me] = executor.submit(abs, -me)
        together.wait(SOON)
        return inner[1 - me].result(SOON)

    a, b = executor.submit(work, 0), executor.submit(work, 1)
    assert (a.result(SOON), b.result(SOON)) == (1, 0)


def test_two_tasks_of_one_worker_waiting_crosswise_end(pool: Executor) -> None:
    # The first waits for the second, which runs inside of it, and waits for the first.
    futures: dict[str, Any] = {}
    ready = threading.Event()

    def work(other: str) -> Any:
        assert ready.wait(SOON)
        return futures[other].result(SOON)

    futures["a"] = pool.submit(work, "b")
    futures["b"] = pool.submit(work, "a")
    ready.set()
    with pytest.raises(WouldDeadlockError):
        futures["a"].result(SOON)
    with pytest.raises(WouldDeadlockError):
        futures["b"].result(SOON)


def test_concurrent_futures_wait_inside_of_the_only_worker_times_out_and_harms_nothing(pool: Executor) -> None:
    def work() -> int:
        return len(concurrent.futures.wait([pool.submit(int)], 0.05).not_done)

    # It does not ask the future, and cannot know better.
    assert pool.submit(work).result(SOON) in (0, 1)
