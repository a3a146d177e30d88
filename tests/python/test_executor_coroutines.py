# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coroutines on the workers' loops."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import os
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from conftest import SOON, Pools, double, eventually

import threadloop
from threadloop import Executor


def test_a_coroutine_function_runs_on_the_workers_loop(pool: Executor) -> None:
    assert pool.submit(double, 4).result(SOON) == 8


def test_a_coroutine_runs_on_the_workers_loop(pool: Executor) -> None:
    assert pool.submit(double(5)).result(SOON) == 10


def test_the_loop_of_a_worker_is_the_same_for_all_its_tasks(pool: Executor) -> None:
    async def loop() -> Any:
        return asyncio.get_running_loop()

    def plain() -> Any:
        loop = asyncio.get_event_loop()
        loop.is_running()
        return loop

    loops = [pool.submit(work).result(SOON) for work in (loop, plain, loop, plain)]
    assert len({id(loop) for loop in loops}) == 1


def test_workers_have_a_loop_each(pools: Pools) -> None:
    executor = pools(2)
    together = threading.Barrier(2)

    async def loop() -> int:
        together.wait(SOON)
        return id(asyncio.get_running_loop())

    assert len({f.result(SOON) for f in [executor.submit(loop) for _ in range(2)]}) == 2


def test_run_until_complete_works_inside_of_plain_functions(pool: Executor) -> None:
    def plain(n: int) -> int:
        return asyncio.get_event_loop().run_until_complete(double(n))

    assert [pool.submit(plain, n).result(SOON) for n in range(3)] == [0, 2, 4]


def test_asyncio_run_works_inside_of_plain_functions(pool: Executor) -> None:
    assert pool.submit(lambda: asyncio.run(double(2))).result(SOON) == 4
    # It has closed the loop that it set, and that is no harm to the next ones.
    assert pool.submit(double, 3).result(SOON) == 6
    assert pool.submit(double, 3).result(SOON) == 6


def test_cancelling_a_coroutine_that_runs_raises_inside_of_it(pool: Executor) -> None:
    reached, seen = threading.Event(), threading.Event()

    async def work() -> None:
        reached.set()
        try:
            await asyncio.sleep(SOON)
        except asyncio.CancelledError:
            seen.set()
            raise

    future = pool.submit(work)
    assert reached.wait(SOON)
    future.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(SOON)
    assert seen.is_set() and future.cancelled()


def test_a_coroutine_may_submit_and_await(pools: Pools) -> None:
    executor = pools(2)

    async def work() -> int:
        return await executor.submit(int, "3") + await executor.submit(double, 4)

    assert executor.submit(work).result(SOON) == 11


def test_a_coroutine_that_awaits_the_only_worker_it_runs_on_ends(pool: Executor) -> None:
    async def work() -> Any:
        return await asyncio.wait_for(asyncio.wrap_future(pool.submit(int, "3")), 0.2)

    # It runs nothing while its coroutine is awaited: this is a wait that nobody can see.
    error = pool.submit(work).exception(SOON)
    assert error is None or isinstance(error, (TimeoutError, asyncio.TimeoutError, RuntimeError))


def test_coroutines_that_are_waited_for_inside_of_one_worker_nest(pool: Executor) -> None:
    async def nest(depth: int) -> int:
        await asyncio.sleep(0)
        return 0 if depth == 0 else pool.submit(nest, depth - 1).result(SOON) + 1

    assert pool.submit(nest, 5).result(SOON) == 5


def test_tasks_and_generators_left_on_a_workers_loop_are_closed_at_its_end() -> None:
    ended: list[str] = []
    kept: list[Any] = []

    async def background() -> None:
        try:
            await asyncio.sleep(SOON * 10)
        finally:
            ended.append("task")

    async def numbers() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.append("generator")

    async def work() -> None:
        kept.append(asyncio.ensure_future(background()))
        generator = numbers()
        kept.append(generator)
        await generator.__anext__()
        await asyncio.sleep(0)

    with Executor(1) as executor:
        executor.submit(work).result(SOON)
        assert ended == []
    assert sorted(ended) == ["generator", "task"]


def test_workers_leave_no_file_descriptors_behind() -> None:
    def n_open() -> int:
        return len(os.listdir("/proc/self/fd"))

    with Executor(2) as executor:
        executor.submit(double, 1).result(SOON)
    gc.collect()
    before = n_open()
    for _ in range(10):
        with Executor(2) as executor:
            executor.submit(double, 1).result(SOON)
    gc.collect()
    assert eventually(lambda: n_open() <= before + 3)


def test_an_await_in_a_task_of_the_same_pool_does_not_hang(pool: Executor) -> None:
    async def outer() -> int:
        return await pool.submit(abs, -1)

    assert pool.submit(outer).result(SOON) == 1


def test_a_wait_through_asyncio_in_a_task_of_the_same_pool_does_not_hang(pool: Executor) -> None:
    async def work() -> int:
        one = await asyncio.wrap_future(pool.submit(int, 1))
        two = await asyncio.get_running_loop().run_in_executor(pool, int, 2)
        done, _ = await asyncio.wait([asyncio.wrap_future(pool.submit(int, n)) for n in (3, 4)])
        return one + two + sum(future.result() for future in done)

    assert pool.submit(work).result(SOON) == 10


def test_awaiting_oneself_raises(pool: Executor) -> None:
    async def work() -> None:
        future = threadloop.current_future()
        assert future is not None
        await future

    with pytest.raises(threadloop.WouldDeadlockError):
        pool.submit(work).result(SOON)


def test_an_await_of_what_the_free_workers_do_not_get_to_runs_it(pools: Pools) -> None:
    executor = pools(2)
    opened = threading.Event()

    async def work() -> bool:
        # The other worker is free until it takes the first of these, which waits for the second.
        first, second = executor.submit(opened.wait), executor.submit(opened.set)
        await second
        return await first

    for _ in range(20):
        opened.clear()
        assert executor.submit(work).result(SOON)


@pytest.mark.parametrize("how", ["await", "result"])
def test_what_a_coroutine_runs_in_its_place_has_a_loop_of_its_own(pool: Executor, how: str) -> None:
    loops: list[Any] = []

    def run() -> int:
        loops.append(asyncio.get_event_loop())
        return asyncio.run(double(2)) + loops[-1].run_until_complete(double(3))

    async def nested() -> int:
        loops.append(asyncio.get_running_loop())
        return await double(4)

    async def work() -> int:
        mine = asyncio.get_running_loop()
        futures = [pool.submit(run), pool.submit(nested)]
        numbers = [await future if how == "await" else future.result() for future in futures]
        assert asyncio.get_running_loop() is mine
        assert mine not in loops
        await asyncio.sleep(0)
        return sum(numbers)

    assert pool.submit(work).result(SOON) == 18
    assert all(loop.is_closed() for loop in loops)
    assert pool.submit(lambda: asyncio.get_event_loop() in loops).result(SOON) is False
