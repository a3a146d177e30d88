# SPDX-License-Identifier: LGPL-2.1-or-later
"""wrap_future() of the library's own futures, as a library in C returns them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import os
import socket
import threading
from typing import Any

import pytest
from conftest import SOON, eventually, run_loop, script
from gi.repository import Gio, GLib, GObject, Tl

from threadloop import Future, WouldDeadlockError, wrap_future
from threadloop import _wrap_native as room
from threadloop._native import NativeExecutor


def failed() -> GLib.Error:
    return GLib.Error.new_literal(Tl.error_quark(), "it is bad", Tl.Error.FAILED)


def listened() -> None:
    """Waits until what was wrapped is listened to."""
    assert room._thread is not None
    room._thread.submit(int).result(SOON)


@pytest.mark.parametrize("name, value", [
    ("set_int64", 3), ("set_double", 0.5), ("set_boolean", False), ("set_string", "text"),
    ("set_bytes", GLib.Bytes.new(b"bytes")), ("set_variant", GLib.Variant("(si)", ("a", 1))),
    ("set_object", Gio.File.new_for_path("/")), ("set_value", ["a", "list"]), ("set_done", None)])
@pytest.mark.parametrize("settled", ["before", "after"])
def test_a_result_is_what_pygobject_makes_of_it(name: str, value: Any, settled: str) -> None:
    native: Any = Tl.Future.new("from C")
    future = wrap_future(native) if settled == "after" else None
    getattr(native, name)(*(() if value is None else (value,)))
    future = future or wrap_future(native)
    assert isinstance(future, concurrent.futures.Future) and future.name == "from C"
    result = future.result(SOON)
    if isinstance(value, GLib.Bytes):
        assert result.get_data() == value.get_data()
    else:
        assert result == value
    assert future.done() and not future.running()


@pytest.mark.parametrize("settled", ["before", "after"])
def test_an_error_is_a_gerror(settled: str) -> None:
    native: Any = Tl.Future.new(None)
    if settled == "before":
        native.set_error(failed())
    future = wrap_future(native)
    native.set_error(failed())
    with pytest.raises(GLib.Error, match="it is bad") as caught:
        future.result(SOON)
    assert caught.value.matches(Tl.error_quark(), Tl.Error.FAILED)


def test_an_error_that_nobody_looked_at_is_reported_once(unraisable: list[Any]) -> None:
    native: Any = Tl.Future.new("lost")
    native.set_error(failed())
    wrap_future(native)
    del native
    gc.collect()
    assert [kind for kind, _ in unraisable] == [GLib.Error]


def test_it_is_awaited_where_no_main_loop_runs() -> None:
    native: Any = Tl.Future.new(None)

    async def main() -> Any:
        asyncio.get_running_loop().call_soon(threading.Thread(target=native.set_int64, args=(5,)).start)
        return await asyncio.wait_for(asyncio.wrap_future(wrap_future(native)), SOON) + await wrap_future(native)

    assert asyncio.run(main()) == 10


def test_it_is_waited_for_with_others() -> None:
    natives: list[Any] = [Tl.Future.new(None) for _ in range(2)]
    futures = [wrap_future(native) for native in natives]
    natives[1].set_int64(1)
    assert concurrent.futures.wait(futures, SOON, concurrent.futures.FIRST_COMPLETED).done == {futures[1]}
    with pytest.raises(TimeoutError):
        futures[0].result(0.001)
    natives[0].set_int64(0)
    assert [future.result(SOON) for future in futures] == [0, 1]


def test_on_done_comes_in_the_main_loop_though_nobody_keeps_it() -> None:
    native: Any = Tl.Future.new(None)
    seen: list[Any] = []
    wrap_future(native).on_done(lambda future: seen.append((future.result(), threading.current_thread())))
    native.set_string("x")
    assert run_loop(lambda: seen)
    assert seen == [("x", threading.current_thread())]


def test_cancel_is_handed_on() -> None:
    native: Any = Tl.Future.new(None)
    future = wrap_future(native)
    assert not future.cancelled()
    assert future.cancel() and future.cancelled() and native.cancelled()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(0)
    assert future.cancel()


def test_it_is_cancelled_when_the_other_is() -> None:
    native: Any = Tl.Future.new(None)
    future = wrap_future(native)
    native.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(SOON)
    assert future.cancelled()


def call(executor: Any, name: str, *args: Any) -> Any:
    return executor.call(Tl.Callable.lookup(name), list(args))


def test_cancel_of_what_runs_is_false_and_of_what_is_queued_true() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        executor = NativeExecutor.new("native", 1)
        stream = Gio.Socket.new_from_fd(os.dup(ours.fileno()))
        reading = call(executor, "Gio.Socket.condition_wait", stream, GLib.IOCondition.IN)
        running, queued = wrap_future(reading), wrap_future(call(executor, "GLib.get_real_time"))
        assert eventually(running.running)
        assert queued.cancel() and queued.cancelled()
        assert not running.cancel()
        with pytest.raises(concurrent.futures.CancelledError):
            running.result(SOON)
        assert running.cancelled()
        executor.shutdown(Tl.Shutdown.DRAIN, -1, None)


def test_a_wait_that_could_never_end_is_refused() -> None:
    future = wrap_future(call(NativeExecutor.new_for_context(None), "GLib.get_real_time"))
    for wait in future.result, future.exception:
        with pytest.raises(WouldDeadlockError, match=r"GLib\.get_real_time"):
            wait()
    assert run_loop(future.done)
    assert future.result(0) > 0


def test_progress_is_that_of_the_other() -> None:
    native: Any = Tl.Future.new("it")
    future = wrap_future(native)
    progress = future.progress
    native.set_progress(0.5, "half of it")
    assert run_loop(lambda: progress.props.fraction == 0.5)
    assert (progress.props.message, progress.props.name) == ("half of it", "it")
    native.set_done()
    assert run_loop(lambda: progress.props.state == Tl.FutureState.DONE)
    assert future.result(SOON) is None
    assert future.progress is progress


class Thing(GObject.Object):
    died_on: list[threading.Thread]

    def __del__(self) -> None:
        self.died_on.append(threading.current_thread())


@pytest.mark.parametrize("wrapped", ["kept", "dropped"])
def test_a_result_that_nobody_wants_dies_on_the_thread_that_asked(wrapped: str) -> None:
    died_on: list[threading.Thread] = []

    def begin() -> bool:
        native: Any = Tl.Future.new(None)
        future = wrap_future(native)
        if wrapped == "kept":
            futures.append(future)
        del future
        listened()
        thing = Thing()
        thing.died_on = died_on
        native.set_object(thing)
        return False

    futures: list[Future[Any]] = []
    GLib.idle_add(begin)
    assert run_loop(lambda: futures and futures[0].done() if wrapped == "kept" else died_on)
    futures.clear()
    assert run_loop(lambda: died_on)
    # Each time that PyGObject makes one of it is one.
    assert set(died_on) == {threading.current_thread()}


def test_who_was_faster_counts() -> None:
    native: Any = Tl.Future.new(None)
    future = wrap_future(native)
    future.set_result("ours")
    native.set_string("theirs")
    listened()
    assert future.result(SOON) == "ours"
    assert native.get_string() == "theirs"


def test_the_child_of_a_fork_listens_on_a_thread_of_its_own() -> None:
    outcome = script("""
    from gi.repository import Tl
    def ask():
        native = Tl.Future.new(None)
        future = threadloop.wrap_future(native)
        native.set_int64(3)
        print(future.result(60), flush=True)
    def state(thread):
        with open(f"/proc/self/task/{thread}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    ask()
    # The other thread may be in GLib or PyGObject, whose locks would be locked in the child for ever.
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    while any(state(thread.native_id) != "S" for thread in others):
        time.sleep(0.001)
    pid = os.fork()
    ask()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    """)
    assert (outcome.status, outcome.out, outcome.err) == (0, "3\n3\n3\n", "")


def test_what_never_ends_does_not_hold_up_the_end_of_the_interpreter() -> None:
    outcome = script("""
    from gi.repository import Tl
    native = Tl.Future.new(None)
    future = threadloop.wrap_future(native)
    future.on_done(print)
    """)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_many_at_once() -> None:
    natives: list[Any] = [Tl.Future.new(None) for _ in range(1000)]
    futures = [wrap_future(native) for native in natives]

    def settle() -> None:
        for i, native in enumerate(natives):
            native.set_int64(i)

    thread = threading.Thread(target=settle)
    thread.start()
    assert [future.result(SOON) for future in futures] == list(range(1000))
    thread.join()
