# SPDX-License-Identifier: LGPL-2.1-or-later
"""The event thread: what it runs, and how that is cancelled."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import socket
import sys
import threading
import traceback
from concurrent.futures import CancelledError
from contextvars import ContextVar
from typing import Any

import gi
import pytest
from conftest import SOON, begin, double, for_ever, run_loop
from gi.repository import Gio, GLib

import threadloop
from threadloop import EventThread, Executor, Future, current_future

variable: ContextVar[str] = ContextVar("variable", default="unset")


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


# Exits


def leave_plainly() -> None:
    sys.exit(9)


async def leave_at_once() -> None:
    sys.exit(9)


async def leave_later() -> None:
    await asyncio.sleep(0)
    raise KeyboardInterrupt


async def leave_in_a_task() -> None:
    await asyncio.create_task(leave_at_once())


@pytest.mark.parametrize("leave", [leave_plainly, leave_at_once, leave_later, leave_in_a_task])
def test_an_exit_is_the_error_of_the_future_and_the_thread_goes_on(
        thread: EventThread, caplog: pytest.LogCaptureFixture, unraisable: list[Any], leave: Any) -> None:
    future = thread.submit(leave)
    assert isinstance(future.exception(SOON), (SystemExit, KeyboardInterrupt))
    del future
    thread.submit(gc.collect).result(SOON)
    assert thread.submit(double, 2).result(SOON) == 4
    assert (caplog.text, unraisable) == ("", [])


def test_an_exit_in_a_callback_is_reported_and_the_thread_goes_on(
        thread: EventThread, caplog: pytest.LogCaptureFixture) -> None:
    thread.call_soon(sys.exit, 9)
    thread.call_soon(leave_plainly)
    assert thread.submit(double, 2).result(SOON) == 4
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [SystemExit] * 2


def test_an_exit_of_what_is_cancelled_at_the_end_is_its_error() -> None:
    async def leave_when_cancelled() -> None:
        try:
            await for_ever()
        finally:
            sys.exit(9)

    with EventThread() as thread:
        future = begin(thread, leave_when_cancelled)
        other = begin(thread)
    assert isinstance(future.exception(SOON), SystemExit)
    assert other.cancelled()
