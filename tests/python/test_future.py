# SPDX-License-Identifier: LGPL-2.1-or-later
"""Futures: what they promise to concurrent.futures, and to the work."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import copy
import functools
import gc
import logging
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from conftest import SOON, Gate, Pools, eventually, fail_with_cause, run_loop, script
from gi.repository import Gio, GLib

import threadloop
from threadloop import Executor, Future
from threadloop._local import local

# ---- concurrent.futures ----


def test_futures_are_those_of_concurrent_futures(pool: Executor) -> None:
    future = pool.submit(int, "7")
    assert isinstance(future, concurrent.futures.Future)
    assert isinstance(future, Future)
    assert future.result(SOON) == 7


def test_wait_takes_them_with_others(pools: Pools, gate: Gate) -> None:
    executor = pools(2)
    other: concurrent.futures.Future[int] = concurrent.futures.Future()
    quick, slow = executor.submit(int), executor.submit(gate)
    done, pending = concurrent.futures.wait([quick, slow, other], SOON, concurrent.futures.FIRST_COMPLETED)
    assert done == {quick} and pending == {slow, other}
    other.set_result(1)
    gate.open()
    assert concurrent.futures.wait([quick, slow, other], SOON).not_done == set()


def test_wait_ends_at_the_first_exception(pools: Pools, gate: Gate) -> None:
    executor = pools(2)
    bad, slow = executor.submit(lambda: 1 / 0), executor.submit(gate)
    done, pending = concurrent.futures.wait([bad, slow], SOON, concurrent.futures.FIRST_EXCEPTION)
    assert done == {bad} and pending == {slow}
    assert isinstance(bad.exception(), ZeroDivisionError)


def test_wait_is_told_of_what_is_cancelled_in_the_queue(pool: Executor, gate: Gate) -> None:
    pool.submit(gate)
    gate.wait_reached()
    queued = [pool.submit(int) for _ in range(3)]
    threading.Timer(0.02, lambda: [future.cancel() for future in queued]).start()
    assert concurrent.futures.wait(queued, SOON).not_done == set()


def test_as_completed_yields_each_once_as_it_ends(pools: Pools) -> None:
    executor = pools(3)
    gates = [Gate() for _ in range(3)]
    futures = [executor.submit(gate, i) for i, gate in enumerate(gates)]
    seen = []
    gates[2].open()
    for future in concurrent.futures.as_completed(futures, SOON):
        seen.append(future.result())
        if len(seen) < 3:
            gates[(2, 0, 1)[len(seen)]].open()
    assert seen == [2, 0, 1]


def test_a_wait_with_a_timeout_raises_and_harms_nothing(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate, 5)
    for wait in future.result, future.exception:
        with pytest.raises(TimeoutError):
            wait(0.01)
        with pytest.raises(TimeoutError):
            wait(0)
    gate.open()
    assert future.result(SOON) == 5


def test_a_timeout_is_said_in_a_readable_way(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate)
    for timeout, said in (0.0049957880034, "0.005 s"), (-0.5, "0 s"), (0, "0 s"), (Fraction(1, 100), "0.01 s"):
        with pytest.raises(TimeoutError, match=f"Gate has not ended after {said}; "):
            future.result(timeout)  # type: ignore[arg-type]


def test_a_timeout_is_a_number(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate)
    for wait in future.result, future.exception:
        with pytest.raises(TypeError, match=r"timeouts are seconds, a number or None, not '1' \(str\)"):
            wait("1")  # type: ignore[arg-type]


@pytest.mark.parametrize("dump", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_can_be_neither_pickled_nor_copied(pool: Executor, dump: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="cannot pickle 'Future' object"):
        dump(pool.submit(int))


def test_add_done_callback_wants_something_to_call(pool: Executor) -> None:
    with pytest.raises(TypeError, match=r"add_done_callback\(\) wants a function that takes the future, not None"):
        pool.submit(int).add_done_callback(None)  # type: ignore[arg-type]


def test_add_done_callback_is_called_at_once_if_it_has_settled(pool: Executor) -> None:
    future = pool.submit(int)
    future.result(SOON)
    seen: list[Any] = []
    future.add_done_callback(seen.append)
    assert seen == [future]


def test_an_error_in_a_done_callback_is_logged_and_the_others_are_called(
        pool: Executor, gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    future = pool.submit(gate)
    called = threading.Event()
    with caplog.at_level(logging.ERROR, "concurrent.futures"):
        future.add_done_callback(lambda _: 1 / 0)
        future.add_done_callback(lambda _: called.set())
        gate.open()
        assert called.wait(SOON)
    assert "ZeroDivisionError" in caplog.text


def test_the_first_to_settle_it_wins() -> None:
    future: Future[int] = Future()
    future.set_result(1)
    with pytest.raises(concurrent.futures.InvalidStateError):
        future.set_result(2)
    with pytest.raises(concurrent.futures.InvalidStateError):
        future.set_exception(ValueError())
    assert not future.cancel()
    assert future.result() == 1


def test_what_the_function_returns_does_not_replace_what_was_set(pool: Executor) -> None:
    def work() -> str:
        future = threadloop.current_future()
        assert future is not None
        future.set_result("set")
        return "returned"

    assert pool.submit(work).result(SOON) == "set"


# ---- Waiting ----


@pytest.mark.parametrize("pause", [0.0, 0.00003, 0.00006, 0.0003])
def test_short_work_is_waited_for_one_after_the_other(pools: Pools, pause: float) -> None:
    # About as long as one looks on.
    def work(i: int) -> int:
        end = time.perf_counter() + pause
        while time.perf_counter() < end:
            pass
        return i

    executor = pools(2)
    failed: list[BaseException] = []

    def wait_for_each() -> None:
        try:
            for i in range(300):
                assert executor.submit(work, i).result(SOON) == i
        except BaseException as exc:
            failed.append(exc)

    threads = [threading.Thread(target=wait_for_each) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_who_gives_up_waiting_does_not_keep_others_from_being_woken(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate)
    woken: list[str] = []

    def give_up() -> None:
        # Where _remove_sleeper() has been when it was settled.
        sleepers.remove(give_up)
        woken.append("who gives up")

    future._add_sleeper(give_up)
    future._add_sleeper(lambda: woken.append("who waits"))
    assert future._sleepers is not None
    sleepers = future._sleepers
    gate.open()
    assert eventually(lambda: len(woken) == 2), woken


def test_who_is_interrupted_is_not_called_any_more(pool: Executor, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_timeout: int) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(pool._place, "looks", True)
    monkeypatch.setattr(local, "lookout", (interrupted, lambda: None))
    future = pool.submit(gate)
    with pytest.raises(KeyboardInterrupt):
        future.result()
    assert not future._sleepers


def test_the_first_threads_of_a_program_to_wait_may_do_so_at_once() -> None:
    for _ in range(10):
        outcome = script("""
        sys.setswitchinterval(1e-6)
        executor = threadloop.Executor(4)
        barrier = threading.Barrier(6)
        def wait():
            barrier.wait()
            for _ in range(3):
                executor.submit(int).result(10)
        threads = [threading.Thread(target=wait) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        """)
        assert (outcome.status, outcome.err) == (0, ""), outcome.err


# ---- Cancelling ----


def test_cancel_of_a_queued_one_never_runs_it_and_wakes_who_waits(pool: Executor, gate: Gate) -> None:
    ran: list[int] = []
    pool.submit(gate)
    gate.wait_reached()
    future = pool.submit(ran.append, 1)
    woken = threading.Event()
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        with pytest.raises(concurrent.futures.CancelledError):
            future.result(SOON)
        woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(SOON)
    assert future.cancel()
    assert woken.wait(SOON)
    thread.join()
    assert future.cancelled() and future.done() and not future.running()
    assert future.cancel()
    gate.open()
    pool.submit(int).result(SOON)
    assert ran == []


def test_cancel_of_a_running_one_trips_its_cancellable(pool: Executor) -> None:
    reached = threading.Event()

    def work() -> None:
        future = threadloop.current_future()
        assert future is not None
        tripped = threading.Event()
        cancellable = future.cancellable
        assert isinstance(cancellable, Gio.Cancellable)
        cancellable.connect(lambda *_: tripped.set())
        reached.set()
        assert tripped.wait(SOON)
        assert future.cancel_requested()
        cancellable.set_error_if_cancelled()

    future = pool.submit(work)
    assert reached.wait(SOON)
    assert future.cancel() is False
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(SOON)
    assert future.cancelled()


def test_a_cancelled_error_of_glib_that_nobody_asked_for_is_an_error(pool: Executor) -> None:
    def work() -> None:
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        cancellable.set_error_if_cancelled()

    future = pool.submit(work)
    error = future.exception(SOON)
    assert isinstance(error, GLib.Error)
    assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
    assert not future.cancelled()


def test_work_that_is_asked_to_stop_and_does_not_has_its_result(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate, "done")
    gate.wait_reached()
    assert not future.cancel()
    gate.open()
    assert future.result(SOON) == "done"
    assert not future.cancelled()


def test_cancel_of_a_settled_one_leaves_it_alone(pool: Executor) -> None:
    future = pool.submit(int)
    future.result(SOON)
    assert not future.cancel()
    assert future.result() == 0


def test_a_cancellable_that_is_asked_for_after_the_cancel_is_cancelled(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate)
    gate.wait_reached()
    future.cancel()
    assert future.cancellable.is_cancelled()


async def take(_thing: object) -> None:
    pass


class Thing:
    """It says on which thread it dies."""

    def __init__(self, died_on: list[threading.Thread]) -> None:
        self.died_on = died_on

    def __del__(self) -> None:
        self.died_on.append(threading.current_thread())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("place", ["pool", "event thread"])
def test_a_coroutine_that_never_runs_is_closed_at_home(
        request: pytest.FixtureRequest, gate: Gate, unraisable: list[Any], place: str) -> None:
    where: Any = request.getfixturevalue(place.replace("event ", ""))
    died_on: list[threading.Thread] = []
    where.submit(gate)
    gate.wait_reached()
    future = where.submit(take(Thing(died_on)))
    canceller = threading.Thread(target=future.cancel)
    canceller.start()
    canceller.join()
    gate.open()
    where.submit(int).result(SOON)
    assert future.cancelled() and future.name == "take"
    assert died_on == [threading.current_thread()]
    assert unraisable == []


@pytest.mark.filterwarnings("error")
def test_coroutines_of_a_pool_that_is_shut_down_or_broken_are_closed(
        pools: Pools, gate: Gate, unraisable: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    executor = pools(1)
    executor.submit(gate)
    gate.wait_reached()
    future = executor.submit(take(1))
    executor.shutdown(wait=False, cancel_futures=True)
    gate.open()
    executor.shutdown()
    assert future.cancelled()

    reached, go_on = threading.Event(), threading.Event()

    def initialize() -> None:
        reached.set()
        assert go_on.wait(SOON)
        raise OSError

    broken = pools(1, initializer=initialize)
    futures = [broken.submit(take(1)) for _ in range(2)]
    assert reached.wait(SOON)
    go_on.set()
    for future in futures:
        assert isinstance(future.exception(SOON), concurrent.futures.BrokenExecutor)
    del future, futures
    gc.collect()
    assert unraisable == []


def test_a_coroutine_that_was_given_to_a_function_is_left_alone(pool: Executor, gate: Gate) -> None:
    pool.submit(gate)
    gate.wait_reached()
    coroutine = take(1)
    pool.submit(print, coroutine).cancel()
    gate.open()
    pool.submit(int).result(SOON)
    asyncio.run(coroutine)


# ---- Errors ----


def test_an_error_keeps_its_type_traceback_and_cause(pool: Executor) -> None:
    future = pool.submit(fail_with_cause)
    with pytest.raises(ValueError, match="the error") as caught:
        future.result(SOON)
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.__cause__.__traceback__ is not None
    text = "".join(traceback.format_exception(caught.value))
    assert "fail_with_cause" in text and "the cause" in text


def test_no_frames_of_ours_are_in_an_error(pool: Executor) -> None:
    error = pool.submit(fail_with_cause).exception(SOON)
    assert error is not None
    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert frames == ["fail_with_cause"]


async def fail_later() -> None:
    await asyncio.sleep(0)
    fail_with_cause()


def test_no_frames_of_ours_are_in_the_error_of_a_coroutine(pool: Executor) -> None:
    error = pool.submit(fail_later).exception(SOON)
    assert error is not None
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    assert not [file for file in files if "/threadloop/" in file], files


def test_a_gerror_stays_one(pool: Executor) -> None:
    future = pool.submit(lambda: Gio.File.new_for_path("/does/not/exist").load_contents(None))
    with pytest.raises(GLib.Error) as caught:
        future.result(SOON)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, StopIteration, GeneratorExit])
def test_errors_that_are_not_exceptions_reach_the_future(pool: Executor, error: type[BaseException]) -> None:
    def work() -> None:
        raise error("told")

    future = pool.submit(work)
    assert isinstance(future.exception(SOON), error)
    assert pool.submit(int).result(SOON) == 0


def test_an_error_that_nobody_looked_at_goes_to_the_unraisable_hook(pool: Executor, unraisable: list[Any]) -> None:
    pool.submit(fail_with_cause)
    pool.submit(int).result(SOON)
    assert eventually(lambda: unraisable)
    assert unraisable == [(ValueError, "the error")]


def test_the_interpreters_own_unraisable_hook_takes_it(pool: Executor, capfd: pytest.CaptureFixture[str],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    pool.submit(fail_with_cause)
    pool.submit(int).result(SOON)
    text = ""

    def told() -> bool:
        nonlocal text
        text += capfd.readouterr().err
        return "ValueError: the error" in text

    assert eventually(told)
    assert "fail_with_cause" in text
    assert "TypeError" not in text


@pytest.mark.parametrize("look", ["result", "exception", "await", "wrap_future", "after a wait"])
def test_an_error_that_was_looked_at_is_not_reported(pool: Executor, unraisable: list[Any], look: str) -> None:
    future: Any = pool.submit(fail_with_cause)

    async def looks(at: Any) -> None:
        with pytest.raises(ValueError):
            await (at if look == "await" else asyncio.wrap_future(at))

    if look == "result":
        with pytest.raises(ValueError):
            future.result(SOON)
    elif look == "exception":
        future.exception(SOON)
    elif look == "after a wait":
        concurrent.futures.wait([future], SOON)
        future.exception()
    else:
        asyncio.run(looks(future))
    del future
    pool.submit(int).result(SOON)
    gc.collect()
    pool.submit(int).result(SOON)
    assert unraisable == []


def test_the_handler_that_was_set_hears_who_and_what(pools: Pools, unraisable: list[Any]) -> None:
    heard: list[tuple[str, str, BaseException]] = []
    threadloop.set_error_handler(lambda executor, task, error: heard.append((executor, task, error)))
    try:
        executor = pools(1, "named")
        executor.submit(fail_with_cause)
        executor.submit(int).result(SOON)
        assert eventually(lambda: heard)
    finally:
        threadloop.set_error_handler(None)
    (name, task, error), = heard
    assert (name, task) == ("named", "fail_with_cause")
    assert isinstance(error, ValueError)
    assert unraisable == []


def test_the_handler_is_something_to_call() -> None:
    with pytest.raises(TypeError, match=r"set_error_handler\(\) wants a function"):
        threadloop.set_error_handler(5)  # type: ignore[arg-type]


def test_the_handler_is_called_on_the_thread_that_drops_the_future(pool: Executor, gate: Gate) -> None:
    heard: list[threading.Thread] = []
    threadloop.set_error_handler(lambda *_: heard.append(threading.current_thread()))
    try:
        futures = [pool.submit(fail_with_cause)]
        pool.submit(int).result(SOON)
        thread = threading.Thread(target=futures.clear)
        thread.start()
        thread.join()
    finally:
        threadloop.set_error_handler(None)
    assert heard == [thread]


def test_cancelled_work_is_not_an_unseen_error(pool: Executor, gate: Gate, unraisable: list[Any]) -> None:
    def work() -> None:
        gate()
        raise concurrent.futures.CancelledError

    future = pool.submit(work)
    gate.wait_reached()
    future.cancel()
    gate.open()
    concurrent.futures.wait([future], SOON)
    assert future.cancelled()
    del future
    pool.submit(int).result(SOON)
    gc.collect()
    assert unraisable == []


# ---- What it is called ----


async def nothing() -> None:
    pass


@pytest.mark.parametrize("fn, name", [
    (fail_with_cause, "fail_with_cause"),
    (functools.partial(functools.partial(fail_with_cause)), "fail_with_cause"),
    (len, "len"),
    (Gate(), "Gate"),
    (GLib.get_real_time, "get_real_time"),
    (Gio.File.new_for_path("/").query_exists, "query_exists"),
    (nothing, "nothing"),
])
def test_it_is_called_as_its_function(pool: Executor, gate: Gate, fn: Any, name: str) -> None:
    pool.submit(gate)
    future = pool.submit(fn)
    assert future.name == name
    assert future.cancel() and future.name == name
    gate.open()


def test_it_is_called_as_its_coroutine(pool: Executor, gate: Gate) -> None:
    pool.submit(gate)
    assert pool.submit(nothing()).name == "nothing"
    gate.open()


# ---- The running work ----


def test_current_future_is_that_of_the_function_that_runs(pools: Pools) -> None:
    executor = pools(2)
    assert threadloop.current_future() is None
    started = threading.Barrier(3)

    def work() -> Any:
        started.wait(SOON)
        return threadloop.current_future()

    a, b = executor.submit(work), executor.submit(work)
    started.wait(SOON)
    assert a.result(SOON) is a and b.result(SOON) is b
    assert threadloop.current_future() is None


def test_current_future_is_that_of_the_coroutine_that_runs(pool: Executor) -> None:
    async def work() -> Any:
        before = threadloop.current_future()
        await asyncio.sleep(0)
        assert threadloop.current_future() is before
        return before

    future = pool.submit(work)
    assert future.result(SOON) is future


def test_current_future_of_work_inside_of_work_is_the_inner_one(pool: Executor) -> None:
    def outer() -> bool:
        mine = threadloop.current_future()
        inner = pool.submit(threadloop.current_future)
        return inner.result(SOON) is inner and threadloop.current_future() is mine

    assert pool.submit(outer).result(SOON)


def test_set_progress_is_seen_in_the_progress_object(pool: Executor) -> None:
    stepped, go_on = threading.Event(), threading.Event()

    def work() -> None:
        future = threadloop.current_future()
        assert future is not None
        future.set_progress(0.25, "a quarter")
        stepped.set()
        assert go_on.wait(SOON)
        future.set_progress(0.75, "more")

    future = pool.submit(work)
    assert stepped.wait(SOON)
    progress = future.progress
    seen: list[tuple[float, str]] = []
    progress.connect("notify::fraction", lambda *_: seen.append((progress.props.fraction, threading.get_ident())))
    assert run_loop(lambda: progress.props.fraction == 0.25)
    assert progress.props.message == "a quarter"
    assert "work" in progress.props.name
    go_on.set()
    assert run_loop(lambda: progress.props.fraction >= 0.75)
    future.result(SOON)
    assert seen and {ident for _, ident in seen} == {threading.get_ident()}


@pytest.mark.parametrize("fraction, seen", [
    (0, 0.0), (True, 1.0), (Fraction(1, 4), 0.25), (2, 1.0), (-0.5, -1.0), (-1, -1.0),
    (float("nan"), -1.0), (float("inf"), 1.0), (float("-inf"), -1.0)])
@pytest.mark.parametrize("asked", ["before", "after"])
def test_what_becomes_of_fractions(fraction: Any, seen: float, asked: str) -> None:
    future: Future[int] = Future()
    progress = future.progress if asked == "before" else None
    future.set_progress(fraction, "x")
    progress = progress or future.progress
    assert run_loop(lambda: progress.props.message == "x")
    assert progress.props.fraction == seen


@pytest.mark.parametrize("said, wrong", [
    (("0.5",), TypeError), ((None,), TypeError), ((0.5, 3), TypeError), ((0.5, b"x"), TypeError),
    ((0.5, "\ud800"), ValueError)])
def test_set_progress_refuses_what_cannot_be_shown(said: Any, wrong: type[Exception]) -> None:
    future: Future[int] = Future()
    with pytest.raises(wrong):
        future.set_progress(*said)
    assert future.progress.props.fraction == -1


@pytest.mark.parametrize("end", ["done", "failed", "cancelled"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_progress_says_how_it_ended(pool: Executor, gate: Gate, end: str, when: str) -> None:
    blocker = pool.submit(gate)
    gate.wait_reached()
    future = pool.submit(fail_with_cause if end == "failed" else int)
    progress = future.progress if when == "before" else None
    if end == "cancelled":
        future.cancel()
    gate.open()
    blocker.result(SOON)
    concurrent.futures.wait([future], SOON)
    progress = progress or future.progress
    assert run_loop(lambda: progress.props.state.value_nick == end), progress.props.state
    if end == "failed":
        assert isinstance(future.exception(), ValueError)


def test_contextvars_are_carried_into_submit(pool: Executor) -> None:
    var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="none")

    async def coroutine() -> str:
        await asyncio.sleep(0)
        return var.get()

    def changes() -> str:
        before = var.get()
        var.set("changed")
        return before

    var.set("mine")
    assert pool.submit(var.get).result(SOON) == "mine"
    assert pool.submit(coroutine).result(SOON) == "mine"
    assert pool.submit(changes).result(SOON) == "mine"
    assert var.get() == "mine"
    assert pool.submit(var.get).result(SOON) == "mine"


# ---- One's own futures ----


def test_a_future_of_ones_own_can_be_awaited_waited_for_and_listened_to() -> None:
    future: Future[int] = Future()
    seen: list[Any] = []
    future.on_done(lambda f: seen.append(f.result()))
    threading.Timer(0.01, future.set_result, [9]).start()

    async def main() -> int:
        return await future

    assert asyncio.run(main()) == 9
    assert future.result() == 9
    assert run_loop(lambda: seen) and seen == [9]


def test_a_future_of_ones_own_follows_the_protocol_of_concurrent_futures() -> None:
    future: Future[int] = Future()
    assert future.set_running_or_notify_cancel() and future.running()
    assert future.cancel() is False
    future.set_exception(ValueError("x"))
    assert isinstance(future.exception(), ValueError)
    other: Future[int] = Future()
    assert other.cancel() and other.cancelled()
    assert other.set_running_or_notify_cancel() is False
