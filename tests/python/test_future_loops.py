# SPDX-License-Identifier: LGPL-2.1-or-later
"""Futures: what they promise to loops, to those of asyncio and to main loops."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import socket
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from conftest import SOON, Gate, Pools, eventually, fail_with_cause, run_loop
from gi.repository import GLib

import threadloop
from threadloop import Executor, Future, _arrivals

# ---- asyncio ----


def test_wrap_future_takes_it(pool: Executor) -> None:
    async def main() -> int:
        return await asyncio.wait_for(asyncio.wrap_future(pool.submit(int, "3")), SOON)

    assert asyncio.run(main()) == 3


def test_run_in_executor_takes_the_executor(pool: Executor) -> None:
    async def main() -> str:
        return await asyncio.get_running_loop().run_in_executor(pool, lambda: threading.current_thread().name)

    assert asyncio.run(main()) == "one_0"


def test_cancelling_what_run_in_executor_gave_cancels_the_work(pool: Executor, gate: Gate) -> None:
    ran: list[int] = []

    async def main() -> None:
        pool.submit(gate)
        gate.wait_reached()
        future = asyncio.get_running_loop().run_in_executor(pool, ran.append, 1)
        future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future

    asyncio.run(main())
    gate.open()
    pool.submit(int).result(SOON)
    assert ran == []


def test_it_can_be_awaited_in_any_loop(pools: Pools) -> None:
    executor = pools(2)

    async def main() -> list[int]:
        return [await executor.submit(pow, 2, 3), *await asyncio.gather(
            *(asyncio.ensure_future(executor.submit(pow, i, 2)) for i in range(5)))]

    for _ in range(2):
        assert asyncio.run(main()) == [8, 0, 1, 4, 9, 16]


def test_one_future_can_be_awaited_by_many_and_after_its_end(pool: Executor, gate: Gate) -> None:
    async def main() -> list[str]:
        future = pool.submit(gate, "x")

        async def one() -> str:
            return await future

        tasks = [asyncio.ensure_future(one()) for _ in range(3)]
        await asyncio.sleep(0)
        gate.open()
        return [*await asyncio.gather(*tasks), await future]

    assert asyncio.run(main()) == ["x"] * 4


def test_awaiting_raises_what_the_work_raised(pool: Executor) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="the error"):
            await pool.submit(fail_with_cause)

    asyncio.run(main())


def test_cancelling_the_task_that_awaits_cancels_queued_work(pool: Executor, gate: Gate) -> None:
    async def main() -> None:
        pool.submit(gate)
        gate.wait_reached()
        future = pool.submit(int)

        async def waits() -> None:
            await future

        task = asyncio.ensure_future(waits())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert future.cancelled()

    asyncio.run(main())


def test_cancelling_the_task_that_awaits_trips_the_cancellable_of_running_work(pool: Executor) -> None:
    reached = threading.Event()
    tripped = threading.Event()

    def work() -> None:
        future = threadloop.current_future()
        assert future is not None
        future.cancellable.connect(lambda *_: tripped.set())
        reached.set()
        assert tripped.wait(SOON)

    async def main() -> None:
        future = pool.submit(work)
        assert reached.wait(SOON)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(wait_for(future), 0.05)

    async def wait_for(future: Future[None]) -> None:
        await future

    asyncio.run(main())
    assert tripped.wait(SOON)


def test_awaiting_a_future_that_is_cancelled_elsewhere_raises(pool: Executor, gate: Gate) -> None:
    async def main() -> None:
        pool.submit(gate)
        gate.wait_reached()
        future = pool.submit(int)
        asyncio.get_running_loop().call_later(0.01, future.cancel)
        # As if it were a future or a task of asyncio's.
        with pytest.raises(asyncio.CancelledError):
            await future
        with pytest.raises(asyncio.CancelledError):
            await future
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wrap_future(future)
        with pytest.raises(concurrent.futures.CancelledError):
            future.result()

    asyncio.run(main())


def test_a_loop_that_has_gone_does_not_harm_the_work(pool: Executor, gate: Gate) -> None:
    loop = asyncio.new_event_loop()
    future = pool.submit(gate, 4)

    async def waits() -> int:
        return await future

    task = loop.create_task(waits())
    loop.run_until_complete(asyncio.sleep(0))
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    gate.open()
    assert future.result(SOON) == 4


@pytest.mark.parametrize("run", [asyncio.run, threadloop.run])
def test_a_loop_that_was_closed_is_let_go_of(pool: Executor, gate: Gate, run: Callable[..., Any]) -> None:
    async def main() -> Any:
        loop = asyncio.get_running_loop()
        loop.call_soon(gate.open)
        await pool.submit(gate)
        return weakref.ref(loop)

    loop = run(main())
    # The worker may not have come back from calling it.
    assert eventually(lambda: loop() is None)


def test_awaiting_one_after_the_other_leaves_the_loop_its_turns(pool: Executor) -> None:
    # Short work is through before the loop would have gone to sleep.
    async def main() -> int:
        loop = asyncio.get_running_loop()
        seen: list[str] = []
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.setblocking(False)
            loop.add_reader(theirs, seen.append, "bytes")
            loop.call_later(0.01, seen.append, "timer")
            ours.send(b"x")
            end = time.monotonic() + SOON
            n = 0
            while {"bytes", "timer"} - set(seen) and time.monotonic() < end:
                n += await pool.submit(int, "1")
            loop.remove_reader(theirs)
        assert set(seen) == {"bytes", "timer"}
        return n

    assert asyncio.run(main()) > 0


def test_awaiting_one_after_the_other_leaves_what_is_less_urgent_its_turns(
    pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_on(future: Future[Any]) -> bool:
        return bool(concurrent.futures.wait([future], SOON).done)

    async def main() -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, threadloop.EventLoop)
        seen: list[None] = []
        source = GLib.idle_source_new()
        source.set_callback(lambda *_: seen.append(None) or True)  # type: ignore[func-returns-value]
        source.attach(loop.context)
        for _ in range(300):
            await pool.submit(time.sleep, 0.0002)
        source.destroy()
        return len(seen)

    # All of them find it so.
    monkeypatch.setattr(pool._place, "looks", True)
    monkeypatch.setattr(Future, "_look_on", look_on)
    with threadloop.EventThread() as thread:
        assert thread.submit(main).result(SOON) >= 3


def test_awaiting_one_after_the_other_can_be_cancelled(pool: Executor) -> None:
    async def forever() -> None:
        while True:
            await pool.submit(int)

    async def main() -> None:
        for pause in (0, 0.001, 0.005):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(forever(), pause)

    asyncio.run(asyncio.wait_for(main(), SOON))


def test_a_coroutine_of_tornados_on_a_pool_may_yield_several_before_its_loop_runs(pool: Executor) -> None:
    gen = pytest.importorskip("tornado.gen")
    ours: list[Future[int]] = [Future(), Future()]

    def settle() -> None:
        for i, future in enumerate(ours):
            future.set_result(i)

    @gen.coroutine  # type: ignore[untyped-decorator]
    def several() -> Any:
        loop = asyncio.get_event_loop()
        # It raises where another thread does what is its own.
        loop.set_debug(True)
        loop.call_soon(threading.Thread(target=settle).start)
        return (yield ours)

    assert pool.submit(several).result(SOON) == [0, 1]


@pytest.fixture(params=["pool", "event thread"])
def submit(request: pytest.FixtureRequest) -> Callable[..., Future[Any]]:
    """That of a place where coroutines run."""
    where: Any = request.getfixturevalue(request.param.replace("event ", ""))
    return where.submit  # type: ignore[no-any-return]


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("wait", ["await", "result"])
def test_a_coroutine_that_waits_for_itself_is_told_so(
        submit: Callable[..., Future[Any]], turns: int, wait: str) -> None:
    async def selfish() -> None:
        own = threadloop.current_future()
        assert own is not None
        for _ in range(turns):
            await asyncio.sleep(0)
        if wait == "await":
            await own
        else:
            own.result()

    with pytest.raises(threadloop.WouldDeadlockError, match=r"selfish waits for itself$"):
        submit(selfish).result(SOON)


def test_what_a_coroutine_has_started_may_await_its_future(thread: threadloop.EventThread) -> None:
    async def inner(outer: Future[Any]) -> Any:
        return await outer

    async def outer() -> Any:
        own = threadloop.current_future()
        assert own is not None
        task = asyncio.create_task(inner(own))
        await asyncio.sleep(0)
        return task

    async def follow(task: Any) -> Any:
        return await task

    task = thread.submit(outer).result(SOON)
    assert thread.submit(follow, task).result(SOON) is task


def test_a_coroutine_may_await_a_function_that_runs_a_main_loop_around_it(thread: threadloop.EventThread) -> None:
    follows: list[Future[Any]] = []

    async def follow(other: Future[int]) -> int:
        return await other

    def function() -> int:
        own = threadloop.current_future()
        assert own is not None
        loop = thread.get_loop()
        task = loop.create_task(follow(own))
        loop.call_soon(loop.call_soon, reached.append, 1)
        assert run_loop(lambda: reached)
        follows.append(threadloop.wrap_future(task))
        return 7

    reached: list[int] = []
    assert thread.submit(function).result(SOON) == 7
    assert follows[0].result(SOON) == 7


def test_what_runs_inside_of_a_task_and_waits_for_that_is_told_so(pool: Executor) -> None:
    def outer() -> Any:
        return pool.submit(inner, threadloop.current_future()).exception(SOON)

    def inner(future: Any) -> None:
        future.result()

    error = pool.submit(outer).result(SOON)
    assert isinstance(error, threadloop.WouldDeadlockError)
    assert str(error).endswith("by what runs inside of it")


def test_on_done_comes_in_a_loop_of_asyncios_that_runs_here(pool: Executor, gate: Gate) -> None:
    var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="none")

    async def main() -> list[Any]:
        seen: list[Any] = []
        called = asyncio.Event()

        def callback(future: Future[Any]) -> bool:
            seen.append((future.result(), asyncio.get_running_loop(), var.get()))
            called.set()
            return True

        var.set("mine")
        future = pool.submit(gate, 3)
        future.on_done(callback)
        var.set("changed")
        gate.open()
        await asyncio.wait_for(called.wait(), SOON)
        called.clear()
        future.on_done(callback)
        assert len(seen) == 1
        await asyncio.wait_for(called.wait(), SOON)
        assert [loop for _, loop, _ in seen] == [asyncio.get_running_loop()] * 2
        return [(result, value) for result, _, value in seen]

    assert asyncio.run(main()) == [(3, "mine"), (3, "changed")]


def test_on_done_of_a_loop_that_was_closed_is_dropped(pool: Executor, gate: Gate, unraisable: list[Any]) -> None:
    seen: list[Any] = []

    async def main() -> Future[Any]:
        future = pool.submit(gate)
        future.on_done(seen.append)
        return future

    future = asyncio.run(main())
    gate.open()
    future.result(SOON)
    pool.submit(int).result(SOON)
    assert seen == [] and unraisable == []


def test_on_done_comes_in_the_main_loop_that_a_callback_of_asyncios_runs(pool: Executor) -> None:
    async def main() -> list[Any]:
        seen: list[Any] = []
        GLib.timeout_add(0, lambda: pool.submit(int).on_done(seen.append))
        assert run_loop(lambda: seen)
        return seen

    assert len(asyncio.run(main())) == 1


# ---- GLib ----


def test_on_done_comes_in_the_callers_context_once_even_if_it_returns_true(pool: Executor) -> None:
    seen: list[Any] = []

    def callback(future: Future[int]) -> bool:
        seen.append((future, threading.get_ident()))
        return True

    future = pool.submit(int)
    future.on_done(callback)
    assert run_loop(lambda: seen)
    run_loop(lambda: False, 0.02)
    assert seen == [(future, threading.get_ident())]


def test_on_done_is_never_called_inside_of_the_call(pool: Executor) -> None:
    future = pool.submit(int)
    future.result(SOON)
    seen: list[Any] = []
    future.on_done(seen.append)
    assert seen == []
    assert run_loop(lambda: seen)
    assert seen == [future]


def test_on_done_comes_for_errors_and_for_cancelled_work(pool: Executor, gate: Gate) -> None:
    seen: list[str] = []
    bad, running = pool.submit(fail_with_cause), pool.submit(gate)
    queued = pool.submit(int)
    bad.on_done(lambda future: seen.append(type(future.exception()).__name__))
    queued.on_done(lambda future: seen.append(f"cancelled {future.cancelled()}"))
    running.on_done(lambda future: seen.append("ran"))
    gate.wait_reached()
    queued.cancel()
    gate.open()
    assert run_loop(lambda: len(seen) == 3)
    assert sorted(seen) == ["ValueError", "cancelled True", "ran"]


def test_on_done_comes_at_default_priority(pool: Executor) -> None:
    # Something that is always ready, one step below: it would starve callbacks at idle priority.
    order: list[str] = []
    future = pool.submit(int)
    future.result(SOON)
    busy = GLib.idle_add(lambda: order.append("busy") or True, priority=GLib.PRIORITY_DEFAULT + 1)
    future.on_done(lambda _: order.append("done"))
    try:
        assert run_loop(lambda: "done" in order)
    finally:
        GLib.source_remove(busy)
    assert order[0] == "done"


def test_on_done_of_a_thread_with_its_own_context_comes_there(pool: Executor, gate: Gate) -> None:
    seen: list[Any] = []
    future = pool.submit(gate)

    def other() -> None:
        context = GLib.MainContext.new()
        context.push_thread_default()
        try:
            future.on_done(lambda _: seen.append(threading.current_thread().name))
            gate.open()
            run_loop(lambda: seen)
        finally:
            context.pop_thread_default()

    thread = threading.Thread(target=other, name="other")
    thread.start()
    thread.join(SOON)
    assert seen == ["other"]


def test_on_done_of_the_same_thread_in_two_contexts_comes_in_each(pool: Executor, gate: Gate) -> None:
    seen: list[str] = []
    future = pool.submit(gate)
    future.on_done(lambda _: seen.append("main"))
    context = GLib.MainContext.new()
    context.push_thread_default()
    try:
        future.on_done(lambda _: seen.append("pushed"))
        gate.open()
        assert run_loop(lambda: seen)
        assert seen == ["pushed"]
    finally:
        context.pop_thread_default()
    assert run_loop(lambda: len(seen) == 2)
    assert seen == ["pushed", "main"]


def test_on_done_may_be_added_by_a_callback(pool: Executor) -> None:
    seen: list[str] = []

    def first(future: Future[int]) -> None:
        future.on_done(lambda _: seen.append("second"))
        seen.append("first")

    pool.submit(int).on_done(first)
    assert run_loop(lambda: len(seen) == 2)
    assert seen == ["first", "second"]


def test_a_callback_that_raises_is_reported_and_the_next_ones_come(pool: Executor, unraisable: list[Any]) -> None:
    seen: list[int] = []
    future = pool.submit(int)
    future.on_done(lambda _: 1 / 0)
    future.on_done(lambda _: seen.append(1))
    assert run_loop(lambda: seen)
    assert unraisable and unraisable[0][0] is ZeroDivisionError


def test_on_done_wants_something_to_call(pool: Executor) -> None:
    async def coroutine(_: object) -> None:
        pass

    with pytest.raises(TypeError, match="on_done"):
        pool.submit(int).on_done(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"on_done\(\) wants a plain function, and .*coroutine is a coroutine function"):
        pool.submit(int).on_done(coroutine)


def test_many_callbacks_do_not_starve_the_loop(pool: Executor) -> None:
    n = 100
    seen: list[None] = []
    ticks: list[int] = []
    futures = [pool.submit(int) for _ in range(n)]
    concurrent.futures.wait(futures, SOON)
    for future in futures:
        future.on_done(lambda _: seen.append(time.sleep(0.0005)))
    ticker = GLib.timeout_add(1, lambda: ticks.append(len(seen)) or True)
    try:
        assert run_loop(lambda: len(seen) == n)
    finally:
        GLib.source_remove(ticker)
    assert [tick for tick in ticks if 0 < tick < n]


def test_a_thread_keeps_nothing_of_a_loop_that_was_closed_before_its_futures_came() -> None:
    futures: list[Future[None]] = [Future() for _ in range(3)]
    loop = asyncio.new_event_loop()

    async def wait_for(future: Future[None]) -> None:
        await future

    async def begin() -> list[asyncio.Task[None]]:
        tasks = [asyncio.ensure_future(wait_for(future)) for future in futures]
        await asyncio.sleep(0)
        return tasks

    tasks = loop.run_until_complete(begin())
    loop.close()
    for future in futures:
        future.set_result(None)
    arrivals = _arrivals.awaits.arrivals
    assert arrivals is not None
    assert not arrivals.items
    for task in tasks:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
