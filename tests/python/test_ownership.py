# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rule 3: what is handed to a task dies on the right thread, and nothing is lost or kept."""

from __future__ import annotations

import concurrent.futures
import gc
import os
import random
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import SOON, Gate, Pools, eventually, run_loop, script
from gi.repository import GLib, GObject

from threadloop import Executor, Future

SCALE = float(os.environ.get("TL_TEST_SCALE", "0.1"))


class Died:
    """Where things have died."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def __len__(self) -> int:
        return len(self.threads)

    def __call__(self, *_: object) -> None:
        # Not current_thread(), which makes a dummy for a thread that it does not know.
        ident = threading.get_ident()
        self.threads.append(next((thread.name for thread in threading.enumerate() if thread.ident == ident), "foreign"))


@pytest.fixture
def died() -> Iterator[Died]:
    gc.collect()
    gc.disable()
    yield Died()
    gc.enable()


class Plain:
    def __init__(self, died: Died) -> None:
        self.died = died

    def __del__(self) -> None:
        self.died()

    def method(self) -> str:
        return threading.current_thread().name  # of the thread that asks


class Widget(GObject.Object):  # type: ignore[misc]
    """Stands for one of GTK's, which may only die on the thread of the user interface."""


def thing(kind: str, died: Died) -> Any:
    if kind == "object":
        return Plain(died)
    widget = Widget()
    if kind == "gobject-weak":
        widget.weak_ref(died)
    else:
        weakref.finalize(widget, died)
    return widget


KINDS = ["object", "gobject", "gobject-weak"]
HOWS = ["argument", "keyword", "closure", "default", "method", "result", "error", "frame", "future-dropped",
        "cancelled",
        "cancelled-running", "partial", "coroutine"]


class Failed(Exception):
    pass


def use(executor: Executor, how: str, made: Any, gate: Gate) -> Any:
    """Hands it over, in one of the ways. Nothing of it may stay here."""
    if how == "argument":
        return executor.submit(lambda _: None, made)
    if how == "keyword":
        return executor.submit(lambda **_: None, x=made)
    if how == "closure":
        return executor.submit(lambda: bool(made))
    if how == "default":
        return executor.submit(lambda x=made: None)
    if how == "method":
        return executor.submit(made.__repr__)
    if how == "result":
        return executor.submit(lambda x: x, made)
    if how == "error":
        return executor.submit(raises, made)
    if how == "frame":
        return executor.submit(raises_with_it_in_a_frame, made)
    if how == "future-dropped":
        executor.submit(lambda _: None, made)
        return None
    if how == "cancelled":
        executor.submit(lambda _: None, made).cancel()
        return None
    if how == "cancelled-running":
        future = executor.submit(lambda _: gate(), made)
        gate.wait_reached()
        future.cancel()
        gate.open()
        return future
    if how == "partial":
        import functools

        return executor.submit(functools.partial(lambda _: None, made))
    assert how == "coroutine"

    async def work(_: Any) -> None:
        pass

    return executor.submit(work, made)


def raises(made: Any) -> None:
    error = Failed("with it")
    error.it = made  # type: ignore[attr-defined]
    try:
        raise error
    finally:
        # Its traceback has this frame.
        del error


def raises_with_it_in_a_frame(made: Any) -> None:
    raise Failed("in a frame")


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_dies_on_the_main_thread_while_a_loop_runs_there(
        pool: Executor, gate: Gate, died: Died, unraisable: list[Any], kind: str, how: str) -> None:
    n = 5

    # Inside of the loop: nothing would wait for one that begins more than a second later.
    def begin() -> bool:
        for _ in range(n):
            use(pool, how, thing(kind, died), gate)
        return False

    GLib.idle_add(begin)
    assert run_loop(lambda: len(died) == n), f"{len(died)} of {n}"
    assert died.threads == ["MainThread"] * n


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_dies_in_a_plain_script_before_a_wait_returns_or_soon(
        pool: Executor, gate: Gate, died: Died, unraisable: list[Any], kind: str, how: str) -> None:
    use(pool, how, thing(kind, died), gate)
    pool.submit(int).result(SOON)
    pool.submit(int).result(SOON)
    # Without a collector: nothing of it may be in a cycle.
    assert eventually_without_collecting(lambda: len(died) == 1)


def eventually_without_collecting(until: Callable[[], object], timeout: float = SOON) -> bool:
    event = threading.Event()
    for _ in range(int(timeout / 0.005)):
        if until():
            return True
        event.wait(0.005)
    return bool(until())


def test_in_a_script_that_neither_submits_nor_waits_they_die_on_a_thread_that_python_knows_for_the_time() -> None:
    outcome = script("""
    executor = threadloop.Executor(1, "pool")
    died = []
    class Thing:
        def __init__(self):
            self.event = threading.Event()
            died.append(self.event)
        def __del__(self):
            print(threading.current_thread().name, threading.current_thread() in threading.enumerate())
            # It may use what we have.
            executor.submit(int).add_done_callback(lambda _: self.event.set())
    executor.submit(lambda _: None, Thing())
    died[0].wait(60)
    def submit():
        executor.submit(lambda _: None, Thing())
    thread = threading.Thread(target=submit)
    thread.start()
    thread.join()
    died[1].wait(60)
    while any(thread.name == "threadloop" for thread in threading.enumerate()):
        time.sleep(0.001)
    print([event.is_set() for event in died], [thread.name for thread in threading.enumerate()])
    """)
    assert (outcome.status, outcome.err) == (0, ""), outcome.err
    first, second, last = outcome.out.splitlines()
    assert first == "threadloop True" and last == "[True, True] ['MainThread', 'pool_0']"
    assert second in ("threadloop True", "Thread-1 (submit) True")


def test_in_a_plain_script_arguments_die_on_the_waiting_thread_in_the_wait(pool: Executor, died: Died) -> None:
    for _ in range(50):
        pool.submit(lambda _: None, Plain(died))
    pool.submit(int).result(SOON)
    pool.submit(int)
    pool.shutdown(timeout=SOON)
    assert len(died) == 50
    assert set(died.threads) <= {"MainThread"}


def test_what_a_future_keeps_dies_with_it(pool: Executor, died: Died) -> None:
    future: Any = pool.submit(lambda x: x, Plain(died))
    concurrent.futures.wait([future], SOON)
    pool.submit(int).result(SOON)
    assert len(died) == 0
    del future
    pool.submit(int).result(SOON)
    assert eventually_without_collecting(lambda: len(died) == 1)


def test_a_result_that_was_taken_is_only_its_takers(pool: Executor, died: Died) -> None:
    result: Any = pool.submit(Plain, died).result(SOON)
    assert len(died) == 0
    del result
    pool.submit(int).result(SOON)
    assert eventually_without_collecting(lambda: len(died) == 1)


def test_map_keeps_no_result(pools: Pools, died: Died) -> None:
    n = 0
    for result in pools(2).map(lambda _: Plain(died), range(20)):
        n += 1
        del result
        assert eventually_without_collecting(lambda n=n: len(died) == n)
    assert n == 20


def test_no_worker_runs_a_finalizer_while_a_loop_runs(pools: Pools, died: Died) -> None:
    executor = pools(4)
    n = 2000

    # Inside of the loop: nothing would wait for one that begins more than a second later.
    def begin() -> bool:
        for i in range(n):
            future = executor.submit(lambda x: x, Plain(died))
            if i % 3 == 0:
                future.cancel()
        return False

    GLib.idle_add(begin)
    assert run_loop(lambda: len(died) == n), len(died)
    assert set(died.threads) == {"MainThread"}


def test_what_a_worker_submits_does_not_die_on_the_workers_it_went_to(pools: Pools, died: Died) -> None:
    outer, inner = pools(1, "outer"), pools(1, "inner")

    def work() -> None:
        for _ in range(20):
            inner.submit(lambda _: None, Plain(died))
        inner.submit(int).result(SOON)

    outer.submit(work).result(SOON)
    inner.submit(int).result(SOON)
    outer.submit(int).result(SOON)
    assert eventually_without_collecting(lambda: len(died) == 20)
    assert not [name for name in died.threads if name.startswith("inner")]


def test_the_initializer_and_its_arguments_die_with_the_executor(died: Died) -> None:
    executor = Executor(2, initializer=lambda _: None, initargs=(Plain(died),))
    executor.submit(int).result(SOON)
    executor.shutdown(timeout=SOON)
    del executor
    assert eventually(lambda: len(died) == 1)


def test_done_callbacks_die_in_the_loop_they_came_in(pool: Executor, died: Died) -> None:
    seen: list[Any] = []
    kept = Plain(died)
    pool.submit(int).on_done(lambda future, kept=kept: seen.append(kept.method()))
    del kept
    assert run_loop(lambda: len(died) == 1)
    assert seen == died.threads == ["MainThread"]


def test_locals_of_a_worker_that_call_back_while_they_die_do_no_harm(died: Died) -> None:
    # Before 3.13 the interpreter drops a thread's state twice when something in it calls back from C as it dies.
    local = threading.local()

    def work() -> None:
        local.widget = Widget()
        local.widget.connect("notify", lambda *_: None)
        weakref.finalize(local.widget, died)
        local.executor = Executor(1)
        local.executor.submit(int).result(SOON)

    for _ in range(10):
        with Executor(2) as executor:
            concurrent.futures.wait([executor.submit(work) for _ in range(4)], SOON)
    assert eventually(lambda: len(died) >= 10)


def test_an_executor_and_its_futures_are_no_garbage(died: Died) -> None:
    gone = []
    for _ in range(3):
        executor = Executor(2)
        gone.append(weakref.ref(executor))
        gone.append(weakref.ref(executor._place))
        concurrent.futures.wait([executor.submit(int) for _ in range(10)], SOON)
        executor.shutdown(timeout=SOON)
        del executor
    # By reference counts alone: the collector is off.
    assert eventually_without_collecting(lambda: not [ref for ref in gone if ref() is not None])


# ---- Stress ----


def test_random_submit_cancel_drop_and_result_lose_nothing(pools: Pools) -> None:
    seed = int(os.environ.get("TL_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
    print("TL_TEST_SEED =", seed)
    executor = pools(3, max_queued=500)
    n = int(200_000 * SCALE)
    lock = threading.Lock()
    ran: list[int] = []
    kept: list[tuple[int, Future[int]]] = []
    cancelled: list[int] = []
    errors: list[BaseException] = []

    def work(i: int) -> int:
        ran.append(i)
        return i

    def drive(number: int) -> None:
        rng = random.Random(seed + number)
        mine: list[tuple[int, Future[int]]] = []
        lost: list[int] = []
        try:
            for i in range(number * n, number * n + n // 4):
                future = executor.submit(work, i)
                what = rng.random()
                if what < 0.2 and future.cancel():
                    lost.append(i)
                elif what < 0.5:
                    mine.append((i, future))
                elif what < 0.55:
                    assert future.result(SOON) == i
                elif what < 0.6:
                    with pytest.raises((TimeoutError, ValueError)):
                        future.result(0)
                        raise ValueError
                elif what < 0.62 and mine:
                    j, other = mine.pop(rng.randrange(len(mine)))
                    if other.cancel():
                        lost.append(j)
                    else:
                        assert other.result(SOON) == j
        except BaseException as error:
            errors.append(error)
        with lock:
            kept.extend(mine)
            cancelled.extend(lost)

    threads = [threading.Thread(target=drive, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "hangs"
    assert errors == []
    assert [future.result(SOON) for _, future in kept] == [i for i, _ in kept]
    executor.shutdown(timeout=60)
    everything = {i for number in range(4) for i in range(number * n, number * n + n // 4)}
    assert len(ran) == len(set(ran)), "something ran twice"
    assert set(ran) | set(cancelled) == everything
    assert set(ran) & set(cancelled) == set()


def rss() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_million_tasks_without_growth(pools: Pools) -> None:
    executor = pools(2, max_queued=1000)
    n = int(1_000_000 * SCALE)

    def some(count: int) -> None:
        for _ in range(count // 2):
            executor.submit(int)
        for _ in range(count // 20):
            executor.submit(int).result(SOON)
            executor.submit(int).cancel()
        concurrent.futures.wait([executor.submit(int) for _ in range(count // 4)], SOON)
        executor.submit(int).result(SOON)
        gc.collect()

    some(max(n // 5, 1000))
    objects, memory = len(gc.get_objects()), rss()
    for _ in range(4):
        some(n // 4)
    executor.submit(int).result(SOON)
    gc.collect()
    assert eventually(lambda: len(gc.get_objects()) - objects < 500)
    assert rss() - memory < 8 << 20


def test_many_executors_without_growth() -> None:
    def some(count: int) -> None:
        for _ in range(count):
            with Executor(2) as executor:
                executor.submit(int).result(SOON)
            Executor(1).submit(int).result(SOON)
        gc.collect()

    some(20)
    objects = len(gc.get_objects())
    some(int(1000 * SCALE))
    assert eventually(lambda: len(gc.get_objects()) - objects < 300), len(gc.get_objects()) - objects
    assert not [t for t in threading.enumerate() if isinstance(t, threading._DummyThread)]
