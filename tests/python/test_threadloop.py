# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library threadloop by its own names, as its own tests have it and beyond."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import os
import threading
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from conftest import SOON, eventually, script

from threadloop import Executor, Future, ThreadLoop, ThreadLoopExecutor, current_future
from threadloop.exceptions import ThreadNotStartedError, WouldDeadlockError

gen = pytest.importorskip("tornado.gen")
ioloop = pytest.importorskip("tornado.ioloop")

variable: ContextVar[str] = ContextVar("variable", default="unset")


class OurError(Exception):
    pass


@pytest.fixture(params=["own", "IOLoop", "asyncio"])
def threadloop(request: pytest.FixtureRequest) -> Iterator[ThreadLoop]:
    """On a loop of its own, and on those that the caller has made."""
    given: Any = None
    if request.param == "IOLoop":
        given = ioloop.IOLoop(make_current=False)
    elif request.param == "asyncio":
        given = asyncio.new_event_loop()
    with ThreadLoop(given) as threadloop:
        yield threadloop
    if given is not None:
        given.close()


# What the original's own tests look at


def test_a_tornado_coroutine(threadloop: ThreadLoop) -> None:
    @gen.coroutine
    def coroutine(message: str, adjective: str = "Shady") -> Any:
        yield gen.sleep(0.001)
        raise gen.Return(f"Hello {adjective} {message}")

    future = threadloop.submit(coroutine, "World")
    assert isinstance(future, concurrent.futures.Future)
    assert isinstance(future, Future)
    assert future.result(SOON) == "Hello Shady World"
    assert threadloop.submit(coroutine, "World", adjective="Cloudy").result(SOON) == "Hello Cloudy World"


def test_an_error_has_its_traceback(threadloop: ThreadLoop) -> None:
    @gen.coroutine
    def coroutine() -> Any:
        raise OurError("something went wrong")

    def plain() -> Any:
        raise OurError("something went wrong")

    for fn in coroutine, plain:
        with pytest.raises(OurError, match="something went wrong") as info:
            threadloop.submit(fn).result(SOON)
        last = traceback.extract_tb(info.value.__traceback__)[-1]
        assert last.line == 'raise OurError("something went wrong")'


def test_a_plain_function(threadloop: ThreadLoop) -> None:
    assert threadloop.submit(lambda: "Hello World").result(SOON) == "Hello World"
    assert threadloop.submit(threading.current_thread).result(SOON) is not threading.current_thread()


def test_a_coroutine_function_and_a_coroutine(threadloop: ThreadLoop) -> None:
    async def coroutine(x: int) -> int:
        await asyncio.sleep(0)
        return x

    assert threadloop.submit(coroutine, 1).result(SOON) == 1
    assert threadloop.submit(coroutine(2)).result(SOON) == 2


def test_use_existing_io_loop() -> None:
    io_loop = ioloop.IOLoop(make_current=False)
    threadloop = ThreadLoop(io_loop)
    assert threadloop._io_loop is io_loop
    with threadloop:
        assert threadloop.submit(ioloop.IOLoop.current).result(SOON) is io_loop
        heard: Future[str] = Future()
        io_loop.add_callback(heard.set_result, "by the thread")
        assert heard.result(SOON) == "by the thread"
    # It is still the caller's.
    assert io_loop.run_sync(lambda: gen.sleep(0)) is None
    io_loop.close()


def test_start_must_be_called_before_submit() -> None:
    async def coroutine() -> None:
        pass

    for fresh in ThreadLoop(), ThreadLoop(asyncio.new_event_loop()):
        with pytest.raises(ThreadNotStartedError, match=r"has not been started yet.*start\(\)"):
            fresh.submit(coroutine)
        with pytest.raises(ThreadNotStartedError):
            fresh.submit(coroutine())
        if fresh._given is not None:
            fresh._given.close()


def test_coroutines_run_concurrently(threadloop: ThreadLoop) -> None:
    met: list[asyncio.Event] = []

    async def make() -> None:
        met.append(asyncio.Event())

    @gen.coroutine
    def wait() -> Any:
        yield met[0].wait()
        raise gen.Return("waited")

    @gen.coroutine
    def tell() -> Any:
        met[0].set()
        raise gen.Return("told")

    threadloop.submit(make).result(SOON)
    first, second = threadloop.submit(wait), threadloop.submit(tell)
    assert [first.result(SOON), second.result(SOON)] == ["waited", "told"]


def test_as_completed(threadloop: ThreadLoop) -> None:
    async def last(earlier: Any) -> str:
        while not earlier.done():
            await asyncio.sleep(0)
        return "last"

    futures: list[Any] = [threadloop.submit(gen.sleep, 0.005)]
    futures.append(threadloop.submit(last, futures[0]))
    # Those that are done when it begins come in any order, so each is told apart by what it gives.
    assert {future.result() for future in concurrent.futures.as_completed(futures, SOON)} == {None, "last"}


def test_timeout(threadloop: ThreadLoop) -> None:
    future = threadloop.submit(gen.sleep, 3600)
    with pytest.raises(concurrent.futures.TimeoutError):
        future.result(timeout=0.001)


def test_is_ready() -> None:
    fresh = ThreadLoop()
    assert not fresh.is_ready()
    fresh.start()
    assert fresh.is_ready()
    fresh.stop()
    assert not fresh.is_ready()


def test_the_callers_current_loop_is_untouched() -> None:
    before = asyncio.new_event_loop()
    asyncio.set_event_loop(before)
    try:
        for given in None, ioloop.IOLoop(make_current=False):
            with ThreadLoop(given) as threadloop:
                its = threadloop.submit(ioloop.IOLoop.current).result(SOON)
                assert threadloop._io_loop is its
                assert ioloop.IOLoop.current() is not its
                assert asyncio.get_event_loop() is before
            assert asyncio.get_event_loop() is before
            if given is not None:
                given.close()
    finally:
        asyncio.set_event_loop(None)
        before.close()


def test_it_is_no_obstacle_to_another_loop(threadloop: ThreadLoop) -> None:
    @gen.coroutine
    def main() -> Any:
        yield threadloop.submit(gen.sleep, 0.001)
        raise gen.Return("done")

    loop = ioloop.IOLoop(make_current=False)
    assert loop.run_sync(main, SOON) == "done"
    loop.close()


def test_the_io_loop_on_its_own_thread(threadloop: ThreadLoop) -> None:
    assert threadloop.submit(lambda: threadloop._io_loop).result(SOON) is threadloop.io_loop


# More


def test_contextvars_and_current_future(threadloop: ThreadLoop) -> None:
    async def coroutine() -> tuple[str, object]:
        await asyncio.sleep(0)
        return variable.get(), current_future()

    variable.set("carried")
    future = threadloop.submit(coroutine)
    value, its = future.result(SOON)
    assert value == "carried"
    assert its is future


def test_cancel(threadloop: ThreadLoop) -> None:
    begun = threading.Event()
    ended = threading.Event()

    async def coroutine() -> None:
        try:
            begun.set()
            await asyncio.sleep(3600)
        finally:
            ended.set()

    future = threadloop.submit(coroutine)
    assert begun.wait(SOON)
    future.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(SOON)
    assert ended.is_set()


def test_what_is_queued_is_cancelled(threadloop: ThreadLoop) -> None:
    begun, opened = threading.Event(), threading.Event()
    ran: list[int] = []

    def hold() -> None:
        begun.set()
        opened.wait(SOON)

    threadloop.submit(hold)
    # Before that, the loop may take both in one turn.
    assert begun.wait(SOON)
    future = threadloop.submit(ran.append, 1)
    assert future.cancel()
    opened.set()
    threadloop.submit(int).result(SOON)
    assert not ran


def test_what_cannot_be_called(threadloop: ThreadLoop) -> None:
    with pytest.raises(TypeError, match="drop the parentheses"):
        threadloop.submit("text")  # type: ignore[call-overload]


def test_waiting_on_its_own_thread(threadloop: ThreadLoop) -> None:
    async def coroutine() -> None:
        with pytest.raises(WouldDeadlockError, match="would deadlock"):
            threadloop.stop()

    threadloop.submit(coroutine).exception(SOON)


@pytest.mark.parametrize("given", [False, True])
def test_stop_settles_everything(given: bool) -> None:
    loop = asyncio.new_event_loop() if given else None
    closed = threading.Event()

    async def stubborn() -> str:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            closed.set()
        return "never"

    threadloop = ThreadLoop(loop)
    threadloop.start()
    futures = [threadloop.submit(stubborn), threadloop.submit(gen.sleep, 3600)]
    queued = [threadloop.submit(asyncio.sleep, 3600) for _ in range(50)]
    threadloop.stop()
    assert all(future.cancelled() for future in [*futures, *queued])
    with pytest.raises(RuntimeError, match="after"):
        threadloop.submit(int)
    threadloop.stop()
    with pytest.raises(RuntimeError, match="make a new"):
        threadloop.start()
    if loop is not None:
        loop.close()


@pytest.mark.parametrize("given", [False, True])
def test_start_twice(given: bool) -> None:
    loop = asyncio.new_event_loop() if given else None
    threadloop = ThreadLoop(loop)
    threadloop.start()
    with pytest.raises(RuntimeError, match="started before"):
        threadloop.start()
    threadloop.stop()
    if loop is not None:
        loop.close()


def test_stop_before_start() -> None:
    loop = asyncio.new_event_loop()
    for threadloop in ThreadLoop(), ThreadLoop(loop):
        threadloop.stop()
        with pytest.raises(RuntimeError):
            threadloop.submit(int)
    loop.close()


@pytest.mark.parametrize("given", [False, True])
def test_submit_while_it_stops(given: bool) -> None:
    for _ in range(20):
        loop = asyncio.new_event_loop() if given else None
        threadloop = ThreadLoop(loop)
        threadloop.start()
        futures: list[Future[Any]] = []
        refused = threading.Event()

        def hammer(threadloop: ThreadLoop = threadloop, futures: list[Future[Any]] = futures,
                   refused: threading.Event = refused) -> None:
            try:
                while True:
                    futures.append(threadloop.submit(asyncio.sleep, 0))
                    if len(futures) % 100 == 0:
                        futures[-1].exception(SOON)
            except concurrent.futures.CancelledError:
                pass
            except RuntimeError:
                refused.set()

        threads = [threading.Thread(target=hammer) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert eventually(lambda futures=futures: len(futures) > 20)
        threadloop.stop()
        for thread in threads:
            thread.join()
        _, rest = concurrent.futures.wait(futures, SOON)
        assert not rest
        if loop is not None:
            loop.close()


def test_a_loop_that_the_program_stops_itself() -> None:
    loop = ioloop.IOLoop(make_current=False)
    threadloop = ThreadLoop(loop)
    threadloop.start()
    future = threadloop.submit(asyncio.sleep, 3600)
    loop.add_callback(loop.stop)
    threadloop._thread.join(SOON)
    assert future.cancelled()
    assert not threadloop.is_ready()
    with pytest.raises(RuntimeError):
        threadloop.submit(int)
    loop.close()


def test_what_is_no_loop() -> None:
    with pytest.raises(TypeError, match=r"wants a Tornado IOLoop or an asyncio loop, and got 3 \(int\)"):
        ThreadLoop(3)
    with pytest.raises(TypeError, match="wants a Tornado IOLoop"):
        ThreadLoop(ioloop.IOLoop)


def test_a_loop_that_runs_already() -> None:
    async def main() -> None:
        for loop in asyncio.get_running_loop(), ioloop.IOLoop.current():
            with pytest.raises(RuntimeError, match="runs already"):
                ThreadLoop(loop).start()

    asyncio.run(main())


def test_a_loop_that_is_closed() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        ThreadLoop(loop).start()


@pytest.mark.parametrize("given", [False, True])
def test_dropping_it_ends_the_thread(given: bool) -> None:
    loop = asyncio.new_event_loop() if given else None
    threadloop = ThreadLoop(loop)
    threadloop.start()
    thread = threadloop.submit(threading.current_thread).result(SOON)
    del threadloop
    assert eventually(lambda: not thread.is_alive())
    gc.collect()
    if loop is not None:
        loop.close()


@pytest.mark.parametrize("given", ["", "IOLoop(make_current=False)"])
def test_the_interpreter_ends_with_one_that_runs(given: str) -> None:
    outcome = script(f"""
        import asyncio
        from tornado.ioloop import IOLoop
        t = threadloop.ThreadLoop({given})
        t.start()
        t.submit(asyncio.sleep, 3600)
        print(t.submit(abs, -1).result())
    """)
    assert outcome.out == "1\n"
    assert outcome.err == ""
    assert outcome.status == 0
    assert outcome.seconds < SOON


def test_in_the_child_of_a_fork(threadloop: ThreadLoop) -> None:
    threadloop.submit(int).result(SOON)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            threadloop.submit(int)
        except RuntimeError as error:
            status = 0 if "stayed behind" in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


# ThreadLoopExecutor


def test_the_quickstart(capsys: pytest.CaptureFixture[str]) -> None:
    @gen.coroutine
    def my_coroutine(name: str) -> Any:
        print(f"Hello from {name} in coroutine!")
        yield gen.sleep(0.001)
        print(f"Goodbye from {name}!")
        return f"Result from {name}"

    def sync_function(x: int, y: int) -> int:
        print(f"Running sync_function with {x} and {y}")
        return x + y

    with ThreadLoopExecutor() as executor:
        future_coro = executor.submit(my_coroutine, "CoroutineWorker")
        print(f"Coroutine result: {future_coro.result()}")
    with ThreadLoopExecutor() as executor:
        future_sync = executor.submit(sync_function, 10, 20)
        print(f"Sync function result: {future_sync.result()}")
    assert capsys.readouterr().out == (
        "Hello from CoroutineWorker in coroutine!\nGoodbye from CoroutineWorker!\n"
        "Coroutine result: Result from CoroutineWorker\n"
        "Running sync_function with 10 and 20\nSync function result: 30\n")


def test_it_is_a_pool() -> None:
    with ThreadLoopExecutor(max_workers=2, thread_name_prefix="old") as executor:
        assert isinstance(executor, concurrent.futures.Executor)
        assert isinstance(executor, Executor)
        # Both have to be there at once.
        barrier = threading.Barrier(2)
        assert sorted(executor.map(lambda _: barrier.wait(SOON), range(2))) == [0, 1]
        assert executor.submit(lambda: threading.current_thread().name).result(SOON).startswith("old")
        assert list(executor.map(gen.coroutine(lambda x: x + 1), [1, 2, 3])) == [2, 3, 4]
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(int)


def test_io_loop_on_its_threads() -> None:
    @gen.coroutine
    def where() -> Any:
        before = ioloop.IOLoop.current()
        yield gen.sleep(0)
        raise gen.Return((before is ioloop.IOLoop.current(), before))

    with ThreadLoopExecutor(1) as executor:
        same, first = executor.submit(where).result(SOON)
        assert same
        assert executor.submit(where).result(SOON)[1] is first


def test_its_common_errors() -> None:
    with ThreadLoopExecutor(1) as executor:
        with pytest.raises(TypeError, match="drop the parentheses"):
            executor.submit("text".upper())  # type: ignore[call-overload]

        def join() -> None:
            threading.current_thread().join()

        with pytest.raises(RuntimeError, match="would deadlock"):
            executor.submit(join).result(SOON)
        with pytest.raises(RuntimeError, match="would deadlock"):
            executor.submit(executor.shutdown).result(SOON)
