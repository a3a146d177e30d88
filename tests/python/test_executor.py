# SPDX-License-Identifier: LGPL-2.1-or-later
"""The executor: what it promises beyond CPython's own tests (cpython_suite.py)."""

from __future__ import annotations

import collections.abc
import concurrent.futures
import gc
import itertools
import logging
import sys
import threading
import time
from typing import Any

import pytest
from conftest import SOON, Gate, Pools, ours, run_loop, script
from gi.repository import GLib

import threadloop
from threadloop import Executor, WouldDeadlockError

# ---- Threads ----


def test_it_is_an_executor_of_concurrent_futures(pool: Executor) -> None:
    assert isinstance(pool, concurrent.futures.Executor)


def test_no_thread_is_made_before_there_is_work(pools: Pools) -> None:
    before = threading.active_count()
    executor = pools(4, "lazy")
    assert threading.active_count() <= before
    assert not ours("lazy_")
    executor.submit(int).result(SOON)
    assert len(ours("lazy_")) == 1


def test_threads_are_called_by_the_prefix_and_a_number(pools: Pools) -> None:
    executor = pools(3, "prefix")
    together = threading.Barrier(3)

    def name() -> str:
        together.wait(SOON)
        return threading.current_thread().name

    assert {future.result(SOON) for future in [executor.submit(name) for _ in range(3)]} == {
        "prefix_0", "prefix_1", "prefix_2"}


def test_all_workers_are_used_when_there_is_work_for_them(pools: Pools) -> None:
    executor = pools(8)
    together = threading.Barrier(8)
    futures = [executor.submit(together.wait, SOON) for _ in range(8)]
    assert sorted(future.result(SOON) for future in futures) == list(range(8))


def test_no_more_threads_are_made_than_there_may_be(pools: Pools, gate: Gate) -> None:
    executor = pools(2, "two")
    futures = [executor.submit(gate) for _ in range(20)]
    gate.wait_reached()
    gate.open()
    concurrent.futures.wait(futures, SOON)
    assert len(ours("two_")) <= 2


def test_idle_threads_are_used_again(pools: Pools) -> None:
    executor = pools(16, "again")
    for _ in range(500):
        executor.submit(int).result(SOON)
    # One, and another when the first was still on its way back from a task, which may take long where there is
    # much else to do; but not all that there may be.
    assert len(ours("again_")) < 16


def test_a_long_task_delays_nobody_while_a_worker_is_idle(pools: Pools, gate: Gate) -> None:
    executor = pools(2)
    executor.submit(gate)
    gate.wait_reached()
    assert [executor.submit(int).result(SOON) for _ in range(100)] == [0] * 100


def test_a_task_behind_a_long_one_is_not_hoarded(pools: Pools, gate: Gate) -> None:
    # A burst onto a pool that sleeps, whose first one never ends: the rest must reach the other worker.
    executor = pools(2)
    long = executor.submit(gate)
    futures = [executor.submit(int) for _ in range(50)]
    assert concurrent.futures.wait(futures, SOON).not_done == set()
    assert not long.done()


def test_workers_are_real_threads_to_python(pool: Executor) -> None:
    def look() -> tuple[threading.Thread, bool, bool]:
        thread = threading.current_thread()
        return thread, thread in threading.enumerate(), thread.ident == threading.get_ident()

    thread, enumerated, same = pool.submit(look).result(SOON)
    assert enumerated and same
    assert thread.is_alive() and thread.daemon and thread.native_id
    assert not isinstance(thread, threading._DummyThread)
    assert pool.submit(threading.current_thread).result(SOON) is thread
    pool.shutdown(timeout=SOON)
    thread.join(SOON)
    assert not thread.is_alive() and thread not in threading.enumerate()


def test_no_dummy_threads_are_left_behind(pools: Pools) -> None:
    for _ in range(5):
        with Executor(4) as executor:
            concurrent.futures.wait([executor.submit(threading.current_thread) for _ in range(50)], SOON)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading._DummyThread)]


def test_threading_local_lives_across_tasks(pool: Executor) -> None:
    local = threading.local()

    def count() -> int:
        local.n = getattr(local, "n", 0) + 1
        return int(local.n)

    assert [pool.submit(count).result(SOON) for _ in range(100)] == list(range(1, 101))


def test_joining_the_current_thread_is_an_error(pool: Executor) -> None:
    with pytest.raises(RuntimeError):
        pool.submit(lambda: threading.current_thread().join()).result(SOON)


def test_tracing_reaches_the_workers() -> None:
    seen: set[str] = set()
    threading.setprofile(lambda frame, event, arg: seen.add(frame.f_code.co_name))
    try:
        with Executor(1) as executor:
            executor.submit(traced_by_name).result(SOON)
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]
    assert "traced_by_name" in seen


def traced_by_name() -> None:
    pass


# ---- What goes wrong, said clearly ----


def test_submit_of_a_result_says_to_drop_the_parentheses(pool: Executor) -> None:
    with pytest.raises(TypeError, match="drop the parentheses") as caught:
        pool.submit(int("3"))  # type: ignore[arg-type]
    assert "3 (int)" in str(caught.value)


def test_submit_of_a_coroutine_and_arguments_is_a_type_error(pool: Executor) -> None:
    async def work() -> None:
        pass

    with pytest.raises(TypeError, match="arguments"):
        pool.submit(work(), 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("kwargs", [{"max_workers": 0}, {"max_workers": -1}, {"max_queued": -1}])
def test_bad_numbers_are_value_errors(kwargs: Any) -> None:
    with pytest.raises(ValueError):
        Executor(**kwargs)


@pytest.mark.parametrize("kwargs", [{"max_workers": "x"}, {"max_workers": 1.5}, {"max_queued": None},
                                    {"max_queued": 2.5}])
def test_numbers_must_be_integers(kwargs: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(kwargs))} must be an integer, not"):
        Executor(**kwargs)


def test_a_subclass_may_have_abstract_bases() -> None:
    class Logged(Executor, collections.abc.Sized):
        def __len__(self) -> int:
            return self.n_queued

    with Logged(1) as executor:
        assert isinstance(executor, Executor)
        assert len(executor) == 0


def test_the_shared_ones_are_nobodys_subclass() -> None:
    outcome = script("""
        from gi.repository import Tl

        class Mine(Tl.Executor):
            def submit(self, *args, **kwargs):
                raise AssertionError

        assert type(Mine.default()) is type(Mine.main()) is Tl.Executor
        assert Tl.to_thread(abs, -1).result() == 1
    """)
    assert outcome.status == 0, outcome.err


def test_an_initializer_must_be_callable() -> None:
    with pytest.raises(TypeError):
        Executor(initializer=3)  # type: ignore[arg-type]

    async def initialize() -> None:
        pass

    with pytest.raises(TypeError, match="coroutine function"):
        Executor(initializer=initialize)


def test_submit_after_shutdown_is_a_runtime_error(pool: Executor) -> None:
    pool.shutdown()
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        pool.submit(int)


def test_a_coroutine_that_is_refused_leaves_no_warning(pool: Executor, recwarn: pytest.WarningsRecorder) -> None:
    async def work() -> None:
        pass

    pool.shutdown()
    with pytest.raises(RuntimeError):
        pool.submit(work())
    gc.collect()
    assert not [str(w.message) for w in recwarn if "never awaited" in str(w.message)]


def test_the_shared_executors_cannot_be_shut_down() -> None:
    assert Executor.default() is Executor.default()
    assert Executor.main() is Executor.main()
    for executor in Executor.default(), Executor.main():
        with pytest.raises(RuntimeError, match="cannot be shut down"):
            executor.shutdown()
    assert Executor.default().submit(int, "4").result(SOON) == 4


@pytest.mark.parametrize("text", ["bad \udcff name", None])
def test_an_error_that_cannot_be_shown_does_not_harm_the_worker(pool: Executor, text: str | None) -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            if text is None:
                raise ValueError("no words")
            return text

    def work() -> None:
        started.wait(SOON)
        raise Unspeakable

    started = threading.Event()
    future = pool.submit(work)
    assert future.progress is not None
    started.set()
    assert isinstance(future.exception(SOON), Unspeakable)
    assert pool.submit(abs, -1).result(SOON) == 1


def test_an_exit_in_a_done_callback_does_not_end_the_worker(pool: Executor) -> None:
    started = threading.Event()
    future = pool.submit(started.wait, SOON)
    future.add_done_callback(lambda _: sys.exit(3))
    started.set()
    assert future.result(SOON)
    assert pool.submit(abs, -1).result(SOON) == 1


def test_repr_says_who_and_how_busy(pool: Executor, gate: Gate) -> None:
    pool.submit(gate)
    gate.wait_reached()
    pool.submit(int)
    assert repr(pool) == "<Executor 'one': 1 running, 1 queued>"
    gate.open()


# ---- The initializer ----


def test_the_initializer_runs_on_each_thread_before_any_work(pools: Pools) -> None:
    local = threading.local()
    executor = pools(3, initializer=lambda value: setattr(local, "value", value), initargs=("set",))
    together = threading.Barrier(3)

    def look() -> Any:
        together.wait(SOON)
        return local.value

    assert [f.result(SOON) for f in [executor.submit(look) for _ in range(3)]] == ["set"] * 3


def test_a_broken_initializer_breaks_the_pool(caplog: pytest.LogCaptureFixture) -> None:
    executor = Executor(2, initializer=lambda: 1 / 0)
    with caplog.at_level(logging.CRITICAL, "concurrent.futures"):
        futures = []
        with pytest.raises(threadloop.exceptions.BrokenThreadPool):
            for _ in range(10):
                futures.append(executor.submit(int))
            futures[0].result(SOON)
        for future in futures:
            with pytest.raises(concurrent.futures.BrokenExecutor):
                future.result(SOON)
    with pytest.raises(concurrent.futures.BrokenExecutor):
        executor.submit(int)
    assert "ZeroDivisionError" in caplog.text
    executor.shutdown(timeout=SOON)


# ---- map ----


def test_map_gives_results_in_order(pools: Pools) -> None:
    assert list(pools(4).map(pow, range(20), itertools.repeat(2), timeout=SOON)) == [i * i for i in range(20)]


def test_map_times_out_and_cancels_the_rest(pool: Executor, gate: Gate) -> None:
    ran: list[int] = []
    results = pool.map(lambda i: gate(i) if i == 0 else ran.append(i), range(5), timeout=0.02)
    with pytest.raises(TimeoutError):
        next(results)
    gate.open()
    pool.submit(int).result(SOON)
    assert ran == []


def test_map_with_a_buffer_is_lazy(pools: Pools) -> None:
    taken: list[int] = []

    def items() -> Any:
        for i in range(1000):
            taken.append(i)
            yield i

    results = pools(2).map(abs, items(), buffersize=4)
    assert len(taken) == 4
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(taken) == 7
    assert list(results) == list(range(3, 1000))


def test_map_with_a_buffer_takes_endless_items(pools: Pools) -> None:
    results = pools(2).map(abs, itertools.count(), buffersize=3)
    assert list(itertools.islice(results, 50)) == list(range(50))


@pytest.mark.parametrize("buffersize, error", [(0, ValueError), (-1, ValueError), ("1", TypeError), (1.5, TypeError)])
def test_map_refuses_a_bad_buffer_at_once(pool: Executor, buffersize: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="buffersize"):
        pool.map(abs, [1], buffersize=buffersize)


def test_a_map_that_is_left_cancels_what_is_queued(pool: Executor, gate: Gate) -> None:
    ran: list[int] = []
    pool.submit(gate)
    gate.wait_reached()
    results = pool.map(ran.append, range(5))
    del results
    gc.collect()
    results = pool.map(ran.append, range(5), timeout=0)
    with pytest.raises(TimeoutError):
        next(results)
    gate.open()
    pool.submit(int).result(SOON)
    # As with CPython's, an iterator that was never started has nothing to clean up.
    assert ran == list(range(5))


# ---- A main context ----


def test_work_for_a_context_runs_on_the_thread_that_iterates_it(pool: Executor) -> None:
    executor = Executor.main()
    futures = [pool.submit(lambda: executor.submit(threading.get_ident)).result(SOON) for _ in range(3)]
    assert not futures[0].done()
    assert run_loop(lambda: all(future.done() for future in futures))
    assert {future.result() for future in futures} == {threading.get_ident()}


def test_waiting_for_a_context_on_its_own_thread_would_deadlock() -> None:
    future = Executor.main().submit(int)
    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        future.result()
    assert run_loop(future.done)


def test_a_context_executor_runs_on_another_thread() -> None:
    context = GLib.MainContext.new()
    executor = Executor.for_context(context)
    stop = threading.Event()

    def run() -> None:
        context.push_thread_default()
        run_loop(stop.is_set)
        context.pop_thread_default()

    thread = threading.Thread(target=run, name="context")
    thread.start()
    try:
        assert executor.submit(lambda: threading.current_thread().name).result(SOON) == "context"
        assert list(executor.map(abs, range(-50, 0))) == list(range(50, 0, -1))
        executor.shutdown(timeout=SOON)
    finally:
        stop.set()
        thread.join()


def test_a_burst_for_a_context_leaves_turns_for_others() -> None:
    executor = Executor.main()
    ticks: list[int] = []
    futures = [executor.submit(time.sleep, 0.0005) for _ in range(100)]
    ticker = GLib.timeout_add(1, lambda: ticks.append(sum(future.done() for future in futures)) or True)
    try:
        assert run_loop(lambda: all(future.done() for future in futures))
    finally:
        GLib.source_remove(ticker)
    assert [n for n in ticks if 0 < n < 100]
