# SPDX-License-Identifier: LGPL-2.1-or-later
"""The event loop that is a GMainContext: what CPython's own tests (asyncio_suite.py) cannot know of."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

import gi
import pytest
from conftest import SOON
from gi.repository import Gio, GLib

import threadloop

CONTINUE: bool = GLib.SOURCE_CONTINUE
REMOVE: bool = GLib.SOURCE_REMOVE


@contextlib.contextmanager
def entered(loop: threadloop.EventLoop) -> Iterator[None]:
    loop._enter()
    try:
        yield
    finally:
        loop._leave()


def python(code: str, **kwargs: Any) -> subprocess.Popen[str]:
    path = os.path.dirname(os.path.dirname(os.path.abspath(threadloop.__file__)))
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([path, os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [sys.executable, "-c", code], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs
    )


# Which context


def test_context_on_the_main_thread_is_the_global_one(loop: threadloop.EventLoop) -> None:
    assert loop.context == GLib.MainContext.default()
    assert loop._context == loop.context  # what PyGObject's awaitables look at


def test_context_on_another_thread_is_its_own() -> None:
    found = []

    def work() -> None:
        loop = threadloop.new_event_loop()
        loop.close()
        found.append(loop.context)
        context = GLib.MainContext.new()
        context.push_thread_default()
        loop = threadloop.new_event_loop()
        loop.close()
        context.pop_thread_default()
        found.append(loop.context == context)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] != GLib.MainContext.default()
    assert found[1] is True


def test_what_is_no_context_is_refused() -> None:
    for wrong in "x", GLib.MainLoop(), 3:
        with pytest.raises(TypeError, match=r"a GLib\.MainContext is wanted, not"):
            threadloop.new_event_loop(wrong)


def test_context_is_the_thread_default_one_while_running() -> None:
    context = GLib.MainContext.new()
    loop = threadloop.new_event_loop(context)

    async def current() -> GLib.MainContext:
        return GLib.MainContext.get_thread_default()

    assert loop.run_until_complete(current()) == context
    assert GLib.MainContext.get_thread_default() is None
    with entered(loop):
        assert GLib.MainContext.get_thread_default() == context
    assert GLib.MainContext.get_thread_default() is None
    loop.close()


def test_context_of_another_thread_is_refused() -> None:
    context = GLib.MainContext.new()
    owned, done = threading.Event(), threading.Event()

    def work() -> None:
        context.acquire()
        owned.set()
        done.wait()
        context.release()

    thread = threading.Thread(target=work)
    thread.start()
    owned.wait()
    loop = threadloop.new_event_loop(context)
    with pytest.raises(RuntimeError, match="thread"):
        loop.run_forever()
    assert not loop.is_running()
    done.set()
    thread.join()
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()


# GLib and asyncio side by side


def test_glib_sources_run_beside_coroutines(loop: threadloop.EventLoop) -> None:
    seen: list[str] = []

    async def main() -> None:
        done = asyncio.Event()

        def timeout() -> bool:
            seen.append("timeout")
            loop.call_soon(done.set)
            return REMOVE

        def idle() -> bool:
            seen.append("idle")
            GLib.timeout_add(10, timeout)
            return REMOVE

        GLib.idle_add(idle)
        await asyncio.wait_for(done.wait(), SOON)

    loop.run_until_complete(main())
    assert seen == ["idle", "timeout"]


def test_glib_callback_arms_timers(loop: threadloop.EventLoop) -> None:
    async def main() -> float:
        future: asyncio.Future[float] = loop.create_future()
        start = time.monotonic()

        def idle() -> bool:
            loop.call_later(0.02, lambda: future.set_result(time.monotonic() - start))
            return REMOVE

        GLib.idle_add(idle)
        return await asyncio.wait_for(future, SOON)

    assert 0.02 <= loop.run_until_complete(main()) < SOON


def test_glib_callback_stops(loop: threadloop.EventLoop) -> None:
    seen: list[int] = []

    def idle() -> bool:
        loop.call_soon(seen.append, 1)
        loop.stop()
        return REMOVE

    GLib.idle_add(idle)
    loop.run_forever()
    assert seen == [1]


def test_stop_before_running_runs_what_is_ready(loop: threadloop.EventLoop) -> None:
    seen: list[int] = []
    loop.call_soon(lambda: loop.call_soon(seen.append, 2))
    loop.call_soon(seen.append, 1)
    loop.stop()
    loop.run_forever()
    assert seen == [1]
    loop.stop()
    loop.run_forever()
    assert seen == [1, 2]


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.0123, 0.05])
def test_timers_are_never_early(loop: threadloop.EventLoop, delay: float) -> None:
    async def main() -> float:
        start = loop.time()
        await asyncio.sleep(delay)
        return loop.time() - start

    assert delay <= loop.run_until_complete(main()) < delay + SOON


def test_timers_far_and_cancelled(loop: threadloop.EventLoop) -> None:
    async def main() -> None:
        far = [loop.call_later(delay, pytest.fail) for delay in (1e6, 1e12, float("inf"))]
        soon = loop.call_later(0.001, pytest.fail)
        soon.cancel()
        await asyncio.sleep(0.01)
        for handle in far:
            handle.cancel()

    loop.run_until_complete(main())


async def leave_at_once() -> None:
    sys.exit(9)


async def leave_later() -> None:
    await asyncio.sleep(0)
    sys.exit(9)


@pytest.mark.parametrize("leave", [leave_at_once, leave_later])
def test_an_exit_in_what_was_submitted_to_the_main_thread_ends_the_program(leave: Any) -> None:
    futures = []

    async def main() -> None:
        futures.append(threadloop.Executor.main().submit(leave))
        await asyncio.Event().wait()

    with pytest.raises(SystemExit) as caught:
        threadloop.run(main())
    assert caught.value.code == 9
    assert isinstance(futures[0].exception(SOON), SystemExit)


def test_an_exit_in_what_was_submitted_ends_the_application() -> None:
    application = Gio.Application(application_id="org.example.Exit", flags=Gio.ApplicationFlags.NON_UNIQUE)

    def activate(*_: object) -> None:
        application.hold()
        futures.append(threadloop.Executor.main().submit(leave_at_once))

    futures: list[Any] = []
    application.connect("activate", activate)
    with pytest.raises(SystemExit):
        threadloop.run(application)
    assert isinstance(futures[0].exception(SOON), SystemExit)


async def use(executor: threadloop.Executor) -> int:
    asyncio.get_running_loop().set_default_executor(executor)
    return await asyncio.to_thread(sum, [1, 2])


def test_the_end_leaves_a_shared_executor_alone() -> None:
    async def end_at_once() -> int:
        loop = asyncio.get_running_loop()
        result = await use(threadloop.Executor.default())
        await loop.shutdown_default_executor()
        with pytest.raises(RuntimeError, match="shutdown"):
            await asyncio.to_thread(int)
        return result

    for main in use(threadloop.Executor.default()), end_at_once():
        assert threadloop.run(main) == 3
        assert threadloop.Executor.default().submit(int).result(SOON) == 0
    with threadloop.EventThread() as thread:
        assert thread.submit(use, threadloop.Executor.default()).result(SOON) == 3
        with threadloop.EventThread() as other:
            assert other.submit(use, thread.executor).result(SOON) == 3
        assert thread.submit(int).result(SOON) == 0


def test_close_leaves_a_shared_executor_alone() -> None:
    loop = threadloop.new_event_loop()
    assert loop.run_until_complete(use(threadloop.Executor.default())) == 3
    loop.close()
    assert threadloop.Executor.default().submit(int).result(SOON) == 0


def test_the_end_shuts_down_an_executor_of_its_own() -> None:
    executor = threadloop.Executor(1)
    assert threadloop.run(use(executor)) == 3
    with pytest.raises(RuntimeError, match="shutdown"):
        executor.submit(int)


def test_the_default_executor_may_be_a_main_context() -> None:
    with threadloop.EventThread() as thread:
        executor = threadloop.Executor.for_context(thread.context)
        assert threadloop.run(use(executor)) == 3
        with pytest.raises(RuntimeError, match="shutdown"):
            executor.submit(int)
        assert thread.submit(int).result(SOON) == 0


# Run by C


def test_c_main_loop_advances(loop: threadloop.EventLoop) -> None:
    main_loop = GLib.MainLoop()
    seen: list[Any] = []

    async def work() -> None:
        await asyncio.sleep(0.005)
        seen.append(asyncio.get_running_loop())
        process = await asyncio.create_subprocess_exec("echo", "hello", stdout=subprocess.PIPE)
        seen.append((await process.communicate())[0])
        main_loop.quit()

    def idle() -> bool:
        seen.append(asyncio.create_task(work()))
        return REMOVE

    GLib.idle_add(idle)
    with entered(loop):
        main_loop.run()
        assert loop.is_running()
    assert seen[1:] == [loop, b"hello\n"]
    assert not loop.is_running()


def test_c_main_loop_on_a_thread() -> None:
    seen: list[Any] = []
    ready = threading.Event()
    loops: list[threadloop.EventLoop] = []
    main_loops: list[GLib.MainLoop] = []

    def work() -> None:
        loop = threadloop.new_event_loop()
        loops.append(loop)
        main_loops.append(GLib.MainLoop(loop.context))
        loop._on_stop = main_loops[0].quit
        loop._enter()
        ready.set()
        main_loops[0].run()
        threadloop._loop._shutdown(loop)

    async def sleeper() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(0.001)
            seen.append("cleaned up")

    async def answer() -> int:
        seen.append(asyncio.ensure_future(sleeper()))
        await asyncio.sleep(0.001)
        return 42

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    assert asyncio.run_coroutine_threadsafe(answer(), loops[0]).result(SOON) == 42
    loops[0].call_soon_threadsafe(loops[0].stop)
    thread.join(SOON)
    assert not thread.is_alive()
    assert seen[1:] == ["cleaned up"]
    assert loops[0].is_closed()


def test_stop_needs_somebody_to_stop(loop: threadloop.EventLoop) -> None:
    with entered(loop), pytest.raises(RuntimeError, match="C code"):
        loop.stop()
    loop.call_soon(loop.stop)
    loop.run_forever()


def test_system_exit_in_a_callback_run_by_c(loop: threadloop.EventLoop) -> None:
    main_loop = GLib.MainLoop()
    loop._on_stop = main_loop.quit
    loop._enter()
    loop.call_soon(sys.exit, 3)
    main_loop.run()
    with pytest.raises(SystemExit) as caught:
        loop._leave()
    assert caught.value.code == 3
    assert not loop.is_running()
    loop.call_soon(loop.stop)
    loop.run_forever()


@pytest.mark.filterwarnings("ignore:coroutine 'sleep'")
def test_enter_where_a_loop_runs(loop: threadloop.EventLoop) -> None:
    other = threadloop.new_event_loop()
    with entered(loop):
        with pytest.raises(RuntimeError):
            other._enter()
        with pytest.raises(RuntimeError):
            loop.run_until_complete(asyncio.sleep(0))
        with pytest.raises(RuntimeError):
            loop.close()
    other.close()


# Other threads and processes


def test_call_soon_threadsafe_wakes(loop: threadloop.EventLoop) -> None:
    for _ in range(50):
        future = loop.create_future()
        thread = threading.Thread(target=lambda f=future: loop.call_soon_threadsafe(f.set_result, 1))
        loop.call_soon(thread.start)
        assert loop.run_until_complete(asyncio.wait_for(future, SOON)) == 1
        thread.join()


def test_call_soon_threadsafe_in_bursts(loop: threadloop.EventLoop) -> None:
    threads, each = 4, 5000
    count = 0
    done = loop.create_future()

    def one() -> None:
        nonlocal count
        count += 1
        if count == threads * each:
            done.set_result(None)

    def work() -> None:
        for _ in range(each):
            loop.call_soon_threadsafe(one)

    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started:
        loop.call_soon(thread.start)
    loop.run_until_complete(asyncio.wait_for(done, 60))
    for thread in started:
        thread.join()


def test_streams(loop: threadloop.EventLoop) -> None:
    async def main() -> bytes:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"x" * 1_000_000)
        writer.write_eof()
        data = await reader.read()
        writer.close()
        server.close()
        return data

    assert loop.run_until_complete(main()) == b"x" * 1_000_000


def test_subprocess(loop: threadloop.EventLoop) -> None:
    async def main() -> tuple[bytes, int | None]:
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", "cat; exit 3", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        out, _ = await process.communicate(b"through a pipe")
        return out, process.returncode

    assert loop.run_until_complete(main()) == (b"through a pipe", 3)


# GIO


@pytest.mark.parametrize("own", [False, True])
def test_gio_callback_arrives(own: bool) -> None:
    loop = threadloop.new_event_loop(GLib.MainContext.new() if own else None)

    async def main() -> Any:
        future = loop.create_future()
        file = Gio.File.new_for_path(__file__)
        file.load_contents_async(None, lambda f, result: future.set_result(f.load_contents_finish(result)))
        return (await asyncio.wait_for(future, SOON))[1]

    with open(__file__, "rb") as file:
        assert loop.run_until_complete(main()) == file.read()
    loop.close()


@pytest.mark.parametrize("own", [False, True])
def test_gio_call_is_awaitable(own: bool) -> None:
    if gi.version_info < (3, 50):
        pytest.skip("PyGObject's GIO calls are awaitable since 3.50")
    loop = threadloop.new_event_loop(GLib.MainContext.new() if own else None)

    async def main() -> bytes:
        loaded = await Gio.File.new_for_path(__file__).load_contents_async()
        with pytest.raises(GLib.Error):
            await Gio.File.new_for_path("/nowhere").load_contents_async()
        return next(part for part in loaded if isinstance(part, bytes))

    with open(__file__, "rb") as file:
        assert loop.run_until_complete(main()) == file.read()
    loop.close()


# asyncio's ways to run


def test_runner() -> None:
    async def main() -> threadloop.EventLoop:
        await asyncio.sleep(0.001)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, threadloop.EventLoop)
        return loop

    with asyncio.Runner(loop_factory=threadloop.new_event_loop) as runner:
        loop = runner.run(main())
        assert runner.run(main()) is loop
    assert loop.is_closed()


def test_run_gives_the_result_and_cleans_up() -> None:
    closed: list[str] = []
    left: list[asyncio.Task[None]] = []

    async def generate() -> Any:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append("generator")

    async def forever() -> None:
        await asyncio.sleep(1000)

    generator = generate()

    async def main() -> str:
        left.append(asyncio.create_task(forever()))
        assert await generator.__anext__() == 1
        return "result"

    assert threadloop.run(main()) == "result"
    assert closed == ["generator"]
    assert left[0].cancelled()


def test_run_takes_any_awaitable() -> None:
    class Three:
        def __await__(self) -> Any:
            yield from asyncio.sleep(0).__await__()
            return 3

    assert threadloop.run(Three()) == 3


def test_run_raises_the_error() -> None:
    async def main() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        threadloop.run(main())


def test_run_says_what_is_wrong() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="running event loop"):
            threadloop.run(Gio.Application())

    with pytest.raises(TypeError, match=r"call it.*main\(\)"):
        threadloop.run(main)
    with pytest.raises(TypeError, match="not int"):
        threadloop.run(3)
    threadloop.run(main())


def test_run_an_application() -> None:
    application = Gio.Application(application_id="org.example.Test", flags=Gio.ApplicationFlags.NON_UNIQUE)
    seen: list[Any] = []

    async def forever() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            seen.append("cancelled")

    async def work() -> None:
        seen.append(asyncio.create_task(forever()))
        await asyncio.sleep(0.005)
        if hasattr(application, "create_asyncio_task"):
            await application.create_asyncio_task(asyncio.sleep(0.001))
        application.release()

    def activate(app: Gio.Application) -> None:
        app.hold()
        seen.append(asyncio.create_task(work()))

    application.connect("activate", activate)
    assert threadloop.run(application, ["test"]) == 0
    assert seen[-1] == "cancelled"
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_run_an_application_that_stops_the_loop() -> None:
    application = Gio.Application(application_id="org.example.Test", flags=Gio.ApplicationFlags.NON_UNIQUE)

    def activate(app: Gio.Application) -> None:
        app.hold()
        loop = asyncio.get_running_loop()
        loop.call_later(0.005, loop.stop)

    application.connect("activate", activate)
    assert threadloop.run(application) == 0


# Signals


@pytest.mark.parametrize(
    "run",
    [
        "threadloop.run(main())",
        "threadloop.new_event_loop().run_until_complete(main())",
        "threadloop.new_event_loop(GLib.MainContext.new()).run_until_complete(main())",
        "asyncio.Runner(loop_factory=threadloop.new_event_loop).run(main())",
        "threadloop.run(app)",
    ],
)
def test_keyboard_interrupt(run: str) -> None:
    # A shell that runs this in the background has SIGINT ignored, and children inherit that.
    code = f"""
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import asyncio, threading, time, threadloop
from gi.repository import Gio, GLib
async def main():
    print("ready", flush=True)
    await asyncio.sleep(100)
app = Gio.Application(application_id="org.example.Test", flags=Gio.ApplicationFlags.NON_UNIQUE)
def activate(app):
    app.hold()
    app.task = asyncio.create_task(main())
app.connect("activate", activate)
# Signals may be delivered to any thread.
threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
start = time.monotonic()
try:
    {run}
except KeyboardInterrupt:
    print("interrupted" if time.monotonic() - start < 50 else "late", flush=True)
"""
    process = python(code)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()
    time.sleep(0.1)  # so that it waits; it is right without, too
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert out == "interrupted\n", err


def test_keyboard_interrupt_in_a_callback(loop: threadloop.EventLoop) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    loop.call_soon(interrupt)
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    seen: list[int] = []
    loop.call_soon(seen.append, 1)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == [1]


def test_signal_handlers(loop: threadloop.EventLoop) -> None:
    async def main() -> None:
        event = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, event.set)
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.wait_for(event.wait(), SOON)
        loop.remove_signal_handler(signal.SIGUSR1)

    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    loop.run_until_complete(main())
    after = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(after)
    assert after == before


# The end


def test_close_is_idempotent() -> None:
    loop = threadloop.new_event_loop()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_soon(print)
    with pytest.raises(RuntimeError, match="closed"):
        loop._enter()


def test_closed_loop_is_freed() -> None:
    gc.collect()
    gc.disable()
    try:
        loop = threadloop.new_event_loop()
        loop.run_until_complete(asyncio.sleep(0.001))
        with entered(loop):
            pass
        loop.close()
        dead = weakref.ref(loop)
        del loop
        assert dead() is None, gc.get_referrers(dead())
    finally:
        gc.enable()


def test_dropped_loop_warns() -> None:
    loop = threadloop.new_event_loop(GLib.MainContext.new())
    loop.run_until_complete(asyncio.sleep(0))
    context = loop.context
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del loop
        gc.collect()
    assert any(issubclass(w.category, ResourceWarning) and "unclosed event loop" in str(w.message) for w in caught)
    context.iteration(False)


def test_no_descriptor_is_left() -> None:
    def one() -> None:
        loop = threadloop.new_event_loop(GLib.MainContext.new())
        loop.run_until_complete(asyncio.sleep(0))
        with entered(loop):
            pass
        loop.close()

    one()
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(200):
        one()
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_no_call_from_another_thread_is_lost() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(300):
            await asyncio.gather(*(loop.run_in_executor(None, int) for _ in range(3)))

    try:
        for _ in range(5):
            with asyncio.Runner(loop_factory=threadloop.new_event_loop) as runner:
                runner.run(main())
    finally:
        sys.setswitchinterval(interval)
