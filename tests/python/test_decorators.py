# SPDX-License-Identifier: LGPL-2.1-or-later
"""to_thread(), run_on_executor and return_future."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest
from conftest import SOON, run_loop

import threadloop
from threadloop import EventThread, Executor, Future, return_future, run_on_executor, to_thread

variable: ContextVar[str] = ContextVar("variable", default="unset")


# to_thread()


def test_to_thread() -> None:
    future = to_thread(lambda *args, **kwargs: (args, kwargs, threading.current_thread()), 1, fn=2)
    assert isinstance(future, Future)
    args, kwargs, thread = future.result(SOON)
    assert args == (1,)
    assert kwargs == {"fn": 2}
    assert thread is not threading.current_thread()


def test_to_thread_is_awaited() -> None:
    async def main() -> int:
        return await to_thread(pow, 2, 4)

    assert asyncio.run(main()) == 16


def test_to_thread_takes_coroutine_functions() -> None:
    async def work(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    assert to_thread(work, 1).result(SOON) == 2


def test_to_thread_carries_the_context() -> None:
    variable.set("set")
    assert to_thread(variable.get).result(SOON) == "set"


def test_to_thread_of_a_result() -> None:
    with pytest.raises(TypeError, match="drop the parentheses"):
        to_thread(3)  # type: ignore[call-overload]


# run_on_executor


class Runner:
    """As old programs have it."""

    def __init__(self, executor: Any, other: Any = None) -> None:
        self.executor = executor
        self._thread_pool = other

    @run_on_executor
    def add(self, a: int, b: int = 1) -> int:
        """Adds."""
        return a + b

    @run_on_executor(executor="_thread_pool")
    def where(self) -> str:
        return threading.current_thread().name

    @run_on_executor()
    def plain(self) -> str:
        return "plain"

    @run_on_executor
    def fail(self) -> None:
        raise KeyError("deep inside")

    @run_on_executor
    async def coroutine(self, x: int) -> tuple[int, str]:
        await asyncio.sleep(0)
        return x + 1, variable.get()

    @run_on_executor
    def own_callback(self, callback: Callable[[int], str]) -> str:
        return callback(4)


@pytest.fixture(params=["ours", "foreign", "event thread", "context"])
def executor(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "ours":
        with Executor(2) as executor:
            yield executor
    elif request.param == "foreign":
        with ThreadPoolExecutor(2) as pool:
            yield pool
    elif request.param == "event thread":
        with EventThread() as thread:
            yield thread
    else:
        with EventThread() as thread:
            yield thread.executor


def test_it_gives_our_futures(executor: Any) -> None:
    runner = Runner(executor)
    future = runner.add(1)
    assert isinstance(future, Future)
    assert future.result(SOON) == 2
    assert runner.add(1, b=5).result(SOON) == 6
    assert runner.plain().result(SOON) == "plain"


def test_it_can_be_awaited(executor: Any) -> None:
    async def main() -> int:
        return await Runner(executor).add(1, 2)

    assert asyncio.run(main()) == 3


def test_it_can_be_yielded_in_tornado(executor: Any) -> None:
    gen = pytest.importorskip("tornado.gen")
    ioloop = pytest.importorskip("tornado.ioloop")

    @gen.coroutine
    def main() -> Any:
        result = yield Runner(executor).add(1, 2)
        raise gen.Return(result)

    loop = ioloop.IOLoop(make_current=False)
    assert loop.run_sync(main, SOON) == 3
    loop.close()


def test_several_are_yielded_at_once_in_tornado() -> None:
    gen = pytest.importorskip("tornado.gen")
    ioloop = pytest.importorskip("tornado.ioloop")

    with Executor(2) as executor:
        runner = Runner(executor)

        @gen.coroutine
        def main() -> Any:
            for _ in range(100):
                result = yield [runner.add(i) for i in range(3)]
                assert result == [1, 2, 3]
                result = yield {"a": runner.add(1), "b": executor.submit(abs, -1)}
                assert result == {"a": 2, "b": 1}

        loop = ioloop.IOLoop(make_current=False)
        loop.run_sync(main, SOON)
        loop.close()


def test_an_error_comes_through(executor: Any) -> None:
    async def main() -> None:
        with pytest.raises(KeyError, match="deep inside"):
            await Runner(executor).fail()

    asyncio.run(main())


def test_coroutine_methods(executor: Any) -> None:
    variable.set("carried")
    assert Runner(executor).coroutine(1).result(SOON) == (2, "carried")


def test_tornado_coroutine_methods(executor: Any) -> None:
    gen = pytest.importorskip("tornado.gen")

    class Old:
        def __init__(self) -> None:
            self.executor = executor

        @run_on_executor
        @gen.coroutine
        def work(self) -> Any:
            yield gen.sleep(0.001)
            raise gen.Return("done")

    assert Old().work().result(SOON) == "done"


def test_another_attribute() -> None:
    with Executor(1, "other") as other:
        assert Runner(None, other).where().result(SOON).startswith("other")


def test_it_looks_like_the_method() -> None:
    assert Runner.add.__name__ == "add"
    assert Runner.add.__doc__ == "Adds."


def test_io_loop_is_accepted_for_old_programs() -> None:
    class Old:
        def __init__(self, executor: Any) -> None:
            self._pool = executor
            self._loop = asyncio.new_event_loop()
            self.heard: list[int] = []

        @run_on_executor(executor="_pool", io_loop="_loop")
        def work(self) -> int:
            return 3

    with Executor(1) as executor:
        old = Old(executor)
        old.work(callback=lambda x: (old.heard.append(x), old._loop.stop()))  # type: ignore[call-arg]
        old._loop.run_forever()
        old._loop.close()
    assert old.heard == [3]


def test_callback_on_a_tornado_loop() -> None:
    ioloop = pytest.importorskip("tornado.ioloop")
    loop = ioloop.IOLoop(make_current=False)

    with Executor(1) as executor:
        runner: Any = Runner(executor)
        runner.io_loop = loop
        heard: list[Any] = []
        runner.add(2, callback=lambda x: (heard.append((x, threading.current_thread())), loop.stop()))
        loop.start()
        loop.close()
    assert heard == [(3, threading.main_thread())]


def test_callback_on_the_running_loop(executor: Any) -> None:
    async def main() -> None:
        heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        runner: Any = Runner(executor)
        future = runner.add(2, callback=heard.set_result)
        assert await heard == 3
        assert future.result(0) == 3

    asyncio.run(main())


def test_callback_in_the_main_context(executor: Any) -> None:
    heard: list[Any] = []
    runner: Any = Runner(executor)
    runner.add(2, callback=lambda x: heard.append((x, threading.current_thread())))
    assert run_loop(lambda: bool(heard))
    assert heard == [(3, threading.main_thread())]


def test_callback_is_not_called_after_an_error(unraisable: list[Any]) -> None:
    heard: list[Any] = []
    with Executor(1) as executor:
        runner: Any = Runner(executor)
        runner.fail(callback=heard.append)
        assert run_loop(lambda: bool(unraisable))
    assert not heard
    assert unraisable[0][0] is KeyError


def test_a_method_may_have_a_callback_itself(executor: Any) -> None:
    assert Runner(executor).own_callback(callback=lambda x: f"got {x}").result(SOON) == "got 4"


def test_no_executor() -> None:
    class Empty:
        add = Runner.add
        where = Runner.where

    with pytest.raises(AttributeError, match="Empty has no attribute 'executor', which run_on_executor looks for"):
        Empty().add(1)  # type: ignore[call-arg, arg-type]
    with pytest.raises(AttributeError, match=r"'_thread_pool'.*@run_on_executor\(executor='...'\)"):
        Empty().where()  # type: ignore[call-arg]


def test_what_is_no_executor() -> None:
    with pytest.raises(TypeError, match=r"'executor' of Runner is no executor: it is 3 \(int\)"):
        Runner(3).add(1)
    with pytest.raises(TypeError, match="'executor' of Runner is no executor: it is None"):
        Runner(None).add(1)


def test_an_error_of_a_property_is_not_hidden() -> None:
    class Broken:
        @property
        def executor(self) -> Any:
            return self.missing  # type: ignore[attr-defined]

        add = run_on_executor(lambda self: 1)

    with pytest.raises(AttributeError, match="missing"):
        Broken().add()


def test_wrong_uses_of_the_decorator() -> None:
    with pytest.raises(ValueError, match="positional and keyword"):
        run_on_executor(len, executor="x")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="expected 1 argument, got 2"):
        run_on_executor(len, len)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"executor= and io_loop=, not exekutor="):
        run_on_executor(exekutor="x")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="name of an attribute"):
        run_on_executor(executor=3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"@run_on_executor\(executor='_thread_pool'\)"):
        run_on_executor("_thread_pool")  # type: ignore[call-overload]


def test_after_shutdown() -> None:
    executor = Executor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        Runner(executor).add(1)


# return_future


@return_future
def double(x: int, callback: Callable[[int], object]) -> None:
    """Doubles."""
    callback(x * 2)


def test_return_future() -> None:
    future = double(4)
    assert isinstance(future, Future)
    assert future.result(0) == 8
    assert double(x=5).result(0) == 10
    assert double.__name__ == "double"
    assert double.__doc__ == "Doubles."


def test_return_future_later_on_another_thread() -> None:
    gate = threading.Event()

    @return_future
    def work(callback: Callable[[str], object]) -> None:
        def run() -> None:
            gate.wait()
            callback("late")

        threading.Thread(target=run).start()

    future = work()
    assert not future.done()
    gate.set()
    assert future.result(SOON) == "late"


def test_return_future_is_awaited() -> None:
    @return_future
    def work(callback: Callable[[str], object]) -> None:
        asyncio.get_running_loop().call_soon(callback, "soon")

    async def main() -> str:
        result: str = await work()
        return result

    assert asyncio.run(main()) == "soon"
    assert threadloop.run(main()) == "soon"


def test_return_future_is_yielded_in_tornado() -> None:
    gen = pytest.importorskip("tornado.gen")
    ioloop = pytest.importorskip("tornado.ioloop")

    @gen.coroutine
    def main() -> Any:
        result = yield double(3)
        raise gen.Return(result)

    loop = ioloop.IOLoop(make_current=False)
    assert loop.run_sync(main, SOON) == 6
    loop.close()


def test_callback_without_an_argument() -> None:
    @return_future
    def work(callback: Callable[[], object]) -> None:
        callback()

    assert work().result(0) is None


def test_raising_makes_the_future_fail() -> None:
    @return_future
    def work(callback: Callable[[int], object]) -> None:
        raise KeyError("no")

    future = work()
    with pytest.raises(KeyError, match="no"):
        future.result(0)


def test_raising_after_the_result_is_not_lost() -> None:
    @return_future
    def work(callback: Callable[[int], object]) -> None:
        callback(1)
        raise KeyError("after")

    with pytest.raises(KeyError, match="after"):
        work()


def test_callback_twice() -> None:
    @return_future
    def work(callback: Callable[[int], object]) -> None:
        callback(1)
        with pytest.raises(threadloop.exceptions.InvalidStateError):
            callback(2)

    assert work().result(0) == 1


def test_callback_after_a_cancel_is_ignored() -> None:
    kept: list[Callable[[int], object]] = []

    @return_future
    def work(callback: Callable[[int], object]) -> None:
        kept.append(callback)

    future = work()
    assert future.cancel()
    kept[0](1)
    assert future.cancelled()


@pytest.mark.parametrize("positional", [False, True])
def test_the_callers_own_callback(positional: bool) -> None:
    heard: list[Any] = []

    def hear(x: int) -> None:
        heard.append((x, threading.current_thread()))

    future = double(4, hear) if positional else double(4, callback=hear)
    assert future.result(0) == 8
    assert not heard
    assert run_loop(lambda: bool(heard))
    assert heard == [(8, threading.main_thread())]


def test_the_callers_own_callback_on_asyncio() -> None:
    async def main() -> int:
        heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        double(4, callback=heard.set_result)
        return await heard

    assert asyncio.run(main()) == 8


def test_keyword_only_callback() -> None:
    @return_future
    def work(*args: int, callback: Callable[[int], object]) -> None:
        callback(sum(args))

    assert work(1, 2, 3).result(0) == 6


def test_it_works_on_methods() -> None:
    class Thing:
        @return_future
        def work(self, x: int, callback: Callable[[int], object]) -> None:
            callback(x)

    assert Thing().work(3).result(0) == 3


def test_wrong_uses_of_return_future() -> None:
    with pytest.raises(TypeError, match=r"no parameter 'callback'"):
        return_future(lambda x: None)
    with pytest.raises(TypeError, match="decorates a function"):
        return_future(3)  # type: ignore[arg-type]

    @return_future
    def returns(callback: Callable[[int], object]) -> int:
        return 3

    with pytest.raises(TypeError, match=r"returned 3 \(int\); with return_future it has to call callback"):
        returns()

    @return_future
    async def coroutine(callback: Callable[[int], object]) -> None:
        pass

    with pytest.raises(TypeError, match="needs no return_future"):
        coroutine()


# The seed document's program


def test_task_runner_of_the_seed() -> None:
    gen = pytest.importorskip("tornado.gen")
    ioloop = pytest.importorskip("tornado.ioloop")

    class TaskRunner:
        def __init__(self, loop: Any = None) -> None:
            self.executor = ThreadPoolExecutor(4)
            self.loop = loop or ioloop.IOLoop.instance()

        @run_on_executor
        def long_running_task(self) -> int:
            time.sleep(0.001)
            return 3

    loop = ioloop.IOLoop(make_current=False)
    tasks = TaskRunner(loop)

    @gen.coroutine
    def do_stuff() -> Any:
        result = yield tasks.long_running_task()
        raise gen.Return(result)

    heard = []

    @gen.coroutine
    def main() -> Any:
        for _ in range(10):
            stuff = yield do_stuff()
            heard.append(stuff)

    loop.run_sync(main, SOON)
    loop.close()
    tasks.executor.shutdown()
    assert heard == [3] * 10
