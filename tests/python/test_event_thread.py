# SPDX-License-Identifier: LGPL-2.1-or-later
"""The event thread: what it runs, how it ends, and what it says when it is asked the wrong thing."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gc
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError
from contextvars import ContextVar
from typing import Any

import gi
import pytest
from conftest import SOON, eventually, run_loop, script
from gi.repository import Gio, GLib

import threadloop
from threadloop import EventThread, Executor, Future, ThreadNotStartedError, WouldDeadlockError, current_future

variable: ContextVar[str] = ContextVar("variable", default="unset")


@pytest.fixture
def thread() -> Iterator[EventThread]:
    with EventThread("fixture") as thread:
        yield thread
        thread.stop(SOON)


async def double(x: int) -> int:
    await asyncio.sleep(0)
    return x * 2


async def for_ever() -> None:
    await asyncio.Event().wait()


def begin(thread: EventThread, fn: Callable[[], Any] = for_ever) -> Future[Any]:
    """Submits it, and returns when it waits for something."""
    future = thread.submit(fn)
    thread.submit(double, 1).result(SOON)
    return future


# What it runs


def test_the_first_program() -> None:
    with EventThread() as thread:
        assert thread.submit(double, 1).result() == 2


def test_a_coroutine_function(thread: EventThread) -> None:
    future = thread.submit(double, x=4)
    assert isinstance(future, Future)
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(SOON) == 8
    assert future.name == "double"


def test_a_coroutine(thread: EventThread) -> None:
    assert thread.submit(double(5)).result(SOON) == 10


def test_a_coroutine_has_its_arguments_already(thread: EventThread) -> None:
    with pytest.raises(TypeError, match="it has its arguments already"):
        thread.submit(double(5), 6)  # type: ignore[call-overload]


def test_a_plain_function(thread: EventThread) -> None:
    assert thread.submit(pow, 2, 5).result(SOON) == 32
    name, ident = thread.submit(lambda: (threading.current_thread().name, threading.get_ident())).result(SOON)
    assert name == "fixture"
    assert ident != threading.get_ident()


def test_what_cannot_be_called(thread: EventThread) -> None:
    with pytest.raises(TypeError, match="drop the parentheses"):
        thread.submit(3)  # type: ignore[call-overload]


def test_an_asyncio_future_is_waited_for(thread: EventThread) -> None:
    def later() -> asyncio.Future[str]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        loop.call_soon(future.set_result, "later")
        return future

    assert thread.submit(later).result(SOON) == "later"


def test_a_tornado_coroutine(thread: EventThread) -> None:
    gen = pytest.importorskip("tornado.gen")
    ioloop = pytest.importorskip("tornado.ioloop")

    @gen.coroutine
    def coroutine() -> Any:
        io_loop = ioloop.IOLoop.current()
        heard: list[int] = []
        io_loop.add_callback(heard.append, threading.get_ident())
        yield gen.sleep(0.001)
        raise gen.Return((io_loop, heard[0]))

    io_loop, ident = thread.submit(coroutine).result(SOON)
    assert isinstance(io_loop, ioloop.IOLoop)
    assert io_loop.asyncio_loop is thread.get_loop()
    assert ident == thread.submit(threading.get_ident).result(SOON)


def test_they_run_in_the_order_of_submit(thread: EventThread) -> None:
    ran: list[int] = []
    futures = [thread.submit(ran.append, i) for i in range(1000)]
    for future in futures:
        future.result(SOON)
    assert ran == list(range(1000))


def test_an_error_keeps_type_traceback_and_cause(thread: EventThread) -> None:
    async def fail() -> None:
        try:
            raise OSError("cause")
        except OSError as error:
            raise KeyError("deep inside") from error

    error = thread.submit(fail).exception(SOON)
    assert isinstance(error, KeyError)
    assert isinstance(error.__cause__, OSError)
    assert traceback.extract_tb(error.__traceback__)[-1].name == "fail"


def test_a_gerror_stays_one(thread: EventThread) -> None:
    with pytest.raises(GLib.Error) as info:
        thread.submit(Gio.File.new_for_path("/nonexistent").read, None).result(SOON)
    assert info.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)


def test_contextvars(thread: EventThread) -> None:
    async def get() -> str:
        await asyncio.sleep(0)
        before = variable.get()
        variable.set("changed there")
        return before

    variable.set("carried")
    assert thread.submit(get).result(SOON) == "carried"
    assert thread.submit(variable.get).result(SOON) == "carried"
    assert variable.get() == "carried"


def test_current_future_of_interleaved_coroutines(thread: EventThread) -> None:
    async def coroutine(mine: asyncio.Event, others: asyncio.Event) -> list[object]:
        seen: list[object] = [current_future()]
        mine.set()
        await others.wait()
        seen.append(current_future())
        seen.append(await asyncio.create_task(nested()))
        return seen

    async def nested() -> object:
        await asyncio.sleep(0)
        return current_future()

    first, second = asyncio.Event(), asyncio.Event()
    futures = [thread.submit(coroutine, first, second), thread.submit(coroutine, second, first)]
    for future in futures:
        assert future.result(SOON) == [future, future, future]
    plain = thread.submit(current_future)
    assert plain.result(SOON) is plain
    assert current_future() is None


def test_on_done_comes_back_to_the_main_loop(thread: EventThread) -> None:
    heard: list[Any] = []
    thread.submit(double, 3).on_done(lambda future: heard.append((future.result(), threading.current_thread())))
    assert run_loop(lambda: bool(heard))
    assert heard == [(6, threading.main_thread())]


def test_on_done_on_the_thread_itself(thread: EventThread) -> None:
    async def coroutine() -> threading.Thread:
        heard: asyncio.Future[threading.Thread] = asyncio.get_running_loop().create_future()
        with Executor(1) as executor:
            executor.submit(int).on_done(lambda _: heard.set_result(threading.current_thread()))
            return await heard

    assert thread.submit(coroutine).result(SOON) is thread.submit(threading.current_thread).result(SOON)


def test_its_executor_is_one_for_everybody(thread: EventThread) -> None:
    async def main() -> int:
        return await asyncio.get_running_loop().run_in_executor(thread.executor, pow, 2, 3)

    assert asyncio.run(main()) == 8
    assert list(thread.executor.map(double, [1, 2])) == [2, 4]
    with pytest.raises(RuntimeError, match="cannot be shut down"):
        thread.executor.shutdown()


# asyncio on it


def test_streams_and_sockets(thread: EventThread) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"echo " + await reader.readline())
        await writer.drain()
        writer.close()

    async def talk() -> bytes:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer

    assert thread.submit(talk).result(SOON) == b"echo hello\n"

    async def raw() -> bytes:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            theirs.setblocking(False)
            await loop.sock_sendall(ours, b"raw")
            return await loop.sock_recv(theirs, 10)

    assert thread.submit(raw).result(SOON) == b"raw"


def test_subprocesses(thread: EventThread) -> None:
    async def run() -> tuple[bytes, int | None]:
        process = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE,
                                                       stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate(b"through a pipe")
        return out, process.returncode

    assert thread.submit(run).result(SOON) == (b"through a pipe", 0)


def test_task_groups_and_timeouts(thread: EventThread) -> None:
    async def coroutine() -> list[int]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(double(i)) for i in range(3)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await for_ever()
        return [task.result() for task in tasks]

    assert thread.submit(coroutine).result(SOON) == [0, 2, 4]


def test_a_runner_beside_it(thread: EventThread) -> None:
    def run() -> int:
        # On a thread of its own: no loop runs there.
        with asyncio.Runner(loop_factory=threadloop.new_event_loop) as runner:
            return runner.run(double(4))

    async def coroutine() -> int:
        return await asyncio.to_thread(run)

    assert thread.submit(coroutine).result(SOON) == 8


def test_run_coroutine_threadsafe(thread: EventThread) -> None:
    assert asyncio.run_coroutine_threadsafe(double(3), thread.get_loop()).result(SOON) == 6


def test_debug() -> None:
    with EventThread(debug=True) as thread:
        assert thread.get_loop().get_debug()


# GLib on it


def test_glib_timeouts(thread: EventThread) -> None:
    heard: Future[list[Any]] = Future()

    def start() -> None:
        calls: list[Any] = []

        def tick(*_: object) -> bool:
            calls.append(threading.get_ident())
            if len(calls) == 3:
                heard.set_result(calls)
            return len(calls) < 3

        source = GLib.timeout_source_new(1)
        source.set_callback(tick)
        source.attach(GLib.MainContext.get_thread_default())

    thread.submit(start).result(SOON)
    assert heard.result(SOON) == [thread.submit(threading.get_ident).result(SOON)] * 3


def test_sources_may_be_attached_before_the_start() -> None:
    thread = EventThread()
    heard: Future[str] = Future()
    source = GLib.idle_source_new()
    source.set_callback(lambda *_: heard.set_result(threading.current_thread().name))
    source.attach(thread.context)
    with thread:
        assert heard.result(SOON) == thread.name


def test_the_context_is_the_threads_own(thread: EventThread) -> None:
    def contexts() -> tuple[bool, bool]:
        return GLib.MainContext.get_thread_default() == thread.context, thread.context.is_owner()

    assert thread.submit(contexts).result(SOON) == (True, True)
    assert thread.context != GLib.MainContext.default()
    assert thread.get_loop().context == thread.context


def test_a_gio_async_call_with_a_callback(thread: EventThread, tmp_path: Any) -> None:
    (tmp_path / "file").write_bytes(b"contents")

    async def coroutine() -> tuple[bytes, bool]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        ident = threading.get_ident()
        file = Gio.File.new_for_path(str(tmp_path / "file"))
        file.load_contents_async(None, lambda file, result: done.set_result(
            (file.load_contents_finish(result)[1], threading.get_ident() == ident)))
        contents, here = await done
        return bytes(contents), here

    assert thread.submit(coroutine).result(SOON) == (b"contents", True)


def test_a_gio_async_call_is_awaited(thread: EventThread, tmp_path: Any) -> None:
    if gi.version_info < (3, 50):
        pytest.skip("PyGObject before 3.50 cannot await")
    (tmp_path / "file").write_bytes(b"contents")

    async def coroutine() -> bytes:
        file = Gio.File.new_for_path(str(tmp_path / "file"))
        # It gives all that the finish function gives.
        loaded = await file.load_contents_async(None)  # type: ignore[call-arg]
        return next(part for part in loaded if isinstance(part, bytes))

    assert thread.submit(coroutine).result(SOON) == b"contents"


# Calls


def test_call_soon(thread: EventThread) -> None:
    heard: Future[Any] = Future()
    thread.call_soon(heard.set_result, 3)
    assert heard.result(SOON) == 3


def test_call_later(thread: EventThread) -> None:
    heard: Future[float] = Future()
    loop = thread.get_loop()
    before = loop.time()
    thread.call_later(0.02, lambda: heard.set_result(loop.time()))
    assert heard.result(SOON) - before >= 0.02


@pytest.mark.parametrize("delay", [0.0, 0.01])
def test_call_later_is_taken_back(thread: EventThread, delay: float) -> None:
    heard: list[int] = []
    opened = threading.Event()
    loop = thread.get_loop()
    thread.call_soon(opened.wait)
    cancel = thread.call_later(delay, heard.append, 1)
    cancel()
    opened.set()
    in_time = False
    while not in_time:
        # Where it is due before it could be taken back, it is tried with a later one.
        delay = 2 * delay + 0.01
        del heard[:]
        due = loop.time() + delay
        cancel = thread.call_later(delay, heard.append, 2)
        thread.submit(int).result(SOON)
        cancel()
        cancel()
        thread.submit(int).result(SOON)
        in_time = loop.time() < due
    thread.submit(asyncio.sleep, delay + 0.05).result(SOON)
    assert not heard


# Cancelling


def test_cancel_of_a_running_coroutine(thread: EventThread) -> None:
    seen: list[str] = []

    async def coroutine() -> None:
        try:
            await for_ever()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            await asyncio.sleep(0)
            seen.append("cleaned up")

    future = begin(thread, coroutine)
    assert future.running()
    assert not future.cancel()
    with pytest.raises(CancelledError):
        future.result(SOON)
    assert future.cancelled()
    assert seen == ["cancelled", "cleaned up"]


def test_a_coroutine_may_refuse_to_be_cancelled(thread: EventThread) -> None:
    async def coroutine() -> str:
        try:
            await for_ever()
        except asyncio.CancelledError:
            pass
        return "no"

    future = begin(thread, coroutine)
    future.cancel()
    assert future.result(SOON) == "no"


def test_cancel_of_what_is_queued(thread: EventThread) -> None:
    opened = threading.Event()
    ran: list[int] = []
    thread.submit(opened.wait)

    async def coroutine() -> None:
        ran.append(1)

    futures = [thread.submit(coroutine), thread.submit(ran.append, 2)]
    assert all(future.cancel() for future in futures)
    opened.set()
    thread.submit(int).result(SOON)
    assert not ran


def test_a_coroutine_that_cancels_itself(thread: EventThread) -> None:
    async def coroutine() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with pytest.raises(CancelledError):
        thread.submit(coroutine).result(SOON)


def test_progress_from_a_coroutine(thread: EventThread) -> None:
    async def coroutine() -> None:
        future = current_future()
        assert future is not None
        future.set_progress(0.5, "half")
        assert not future.cancel_requested()

    thread.submit(coroutine).result(SOON)


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
            thread.submit(int)
        except RuntimeError as error:
            status = 0 if "stayed behind" in str(error) else 2
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
