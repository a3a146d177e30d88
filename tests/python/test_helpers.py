# SPDX-License-Identifier: LGPL-2.1-or-later
"""AlexBerUtils' helpers, and the programs of their document."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import re
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest
from conftest import SOON, script

from threadloop import (
    EventThread,
    Executor,
    ensure_thread_event_loop,
    exec_in_executor,
    exec_in_executor_threading_future,
    initConf,
)

variable: ContextVar[str] = ContextVar("variable", default="unset")


async def multiply(x: int, y: int) -> int:
    await asyncio.sleep(0.001)
    return x * y


def add(x: int, y: int) -> int:
    return x + y


def blocking() -> int:
    """A plain function that runs a coroutine itself."""
    loop = asyncio.get_event_loop()
    return loop.run_until_complete(multiply(2, 3))


def name() -> str:
    return threading.current_thread().name


@pytest.fixture(params=["ours", "foreign", "asyncio's"])
def executor(request: pytest.FixtureRequest) -> Iterator[concurrent.futures.Executor | None]:
    if request.param == "ours":
        with Executor(2) as executor:
            yield executor
    elif request.param == "foreign":
        with ThreadPoolExecutor(2) as pool:
            yield pool
    else:
        yield None


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    yield
    initConf()


@pytest.fixture(autouse=True)
def loop_of_thread() -> Iterator[None]:
    """Leaves the main thread without one."""
    asyncio.set_event_loop(None)
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loop = asyncio.get_event_loop()
        except RuntimeError:
            return
    loop.close()
    asyncio.set_event_loop(None)


# From a running loop


def test_plain_and_coroutine_functions(executor: concurrent.futures.Executor | None) -> None:
    async def main() -> list[int]:
        future = exec_in_executor(executor, add, 2, y=3)
        assert asyncio.isfuture(future)
        assert future.get_loop() is asyncio.get_running_loop()
        return [await future,
                await exec_in_executor(executor, multiply, 2, y=3),
                await exec_in_executor(executor, blocking)]

    assert asyncio.run(main()) == [5, 6, 6]


def test_futures_to_wait_for(executor: concurrent.futures.Executor | None) -> None:
    async def main() -> list[int]:
        future = exec_in_executor_threading_future(executor, add, 2, y=3)
        assert isinstance(future, concurrent.futures.Future)
        # This blocks the loop.
        return [future.result(SOON),
                exec_in_executor_threading_future(executor, multiply, 2, y=3).result(SOON),
                exec_in_executor_threading_future(executor, blocking).result(SOON)]

    assert asyncio.run(main()) == [5, 6, 6]


def test_errors(executor: concurrent.futures.Executor | None) -> None:
    def fail() -> None:
        raise KeyError("plain")

    async def fail_later() -> None:
        await asyncio.sleep(0)
        raise KeyError("coroutine")

    def stop() -> None:
        raise StopIteration

    async def main() -> None:
        with pytest.raises(KeyError, match="plain"):
            await exec_in_executor(executor, fail)
        with pytest.raises(KeyError, match="coroutine"):
            await exec_in_executor(executor, fail_later)
        with pytest.raises(KeyError, match="plain"):
            exec_in_executor_threading_future(executor, fail).result(SOON)
        with pytest.raises(KeyError, match="coroutine"):
            exec_in_executor_threading_future(executor, fail_later).result(SOON)
        # An asyncio future takes no StopIteration, and would never settle.
        with pytest.raises(RuntimeError, match="raised StopIteration"):
            await asyncio.wait_for(exec_in_executor(executor, stop), SOON)

    asyncio.run(main())


def test_contextvars(executor: concurrent.futures.Executor | None) -> None:
    async def get_later() -> str:
        await asyncio.sleep(0)
        return variable.get()

    async def main() -> None:
        variable.set("carried")
        assert await exec_in_executor(executor, variable.get) == "carried"
        assert await exec_in_executor(executor, get_later) == "carried"
        assert exec_in_executor_threading_future(executor, get_later).result(SOON) == "carried"
        await exec_in_executor(executor, variable.set, "changed there")
        assert variable.get() == "carried"

    asyncio.run(main())


def test_the_loop_is_made_once_a_thread() -> None:
    def get() -> asyncio.AbstractEventLoop:
        return asyncio.get_event_loop()

    async def main(executor: concurrent.futures.Executor) -> None:
        loop = await exec_in_executor(executor, get)
        assert await exec_in_executor(executor, get) is loop
        assert loop is not asyncio.get_running_loop()

    for executor in Executor(1), ThreadPoolExecutor(1):
        with executor:
            asyncio.run(main(executor))


def test_a_loop_that_was_closed_is_replaced() -> None:
    def close() -> None:
        asyncio.get_event_loop().close()

    with ThreadPoolExecutor(1) as executor:
        exec_in_executor_threading_future(executor, close).result(SOON)
        assert exec_in_executor_threading_future(executor, blocking).result(SOON) == 6


def test_the_loop_is_closed_when_the_thread_has_ended() -> None:
    with ThreadPoolExecutor(1) as executor:
        loop = exec_in_executor_threading_future(executor, asyncio.get_event_loop).result(SOON)
        assert not loop.is_closed()
    gc.collect()
    assert loop.is_closed()


def test_cancel() -> None:
    async def main(executor: concurrent.futures.Executor) -> None:
        opened = threading.Event()
        running = exec_in_executor(executor, opened.wait)
        future = exec_in_executor(executor, add, 1, 2)
        future.cancel()
        opened.set()
        await running
        with pytest.raises(asyncio.CancelledError):
            await future

    for executor in Executor(1), ThreadPoolExecutor(1):
        with executor:
            asyncio.run(main(executor))


def test_on_an_event_thread() -> None:
    with EventThread() as thread:
        assert exec_in_executor_threading_future(thread.executor, multiply, 2, 4).result(SOON) == 8
        assert exec_in_executor_threading_future(thread.executor, add, 2, 4).result(SOON) == 6


# Which executor


def test_the_argument_comes_first() -> None:
    async def main() -> None:
        assert (await exec_in_executor(None, name)).startswith("asyncio")
        with ThreadPoolExecutor(1, "configured") as configured, Executor(1, "argument") as argument:
            initConf(executor=configured)
            assert (await exec_in_executor(None, name)).startswith("configured")
            assert (await exec_in_executor(argument, name)).startswith("argument")
            assert exec_in_executor_threading_future(None, name).result(SOON).startswith("configured")
            assert exec_in_executor_threading_future(argument, name).result(SOON).startswith("argument")
            initConf(executor=None)
            assert (await exec_in_executor(None, name)).startswith("asyncio")
            assert exec_in_executor_threading_future(None, name).result(SOON).startswith("asyncio")

    asyncio.run(main())


def test_asyncios_default_may_be_ours() -> None:
    async def main() -> str:
        executor = Executor(1, "as-default")
        try:
            asyncio.get_running_loop().set_default_executor(executor)
        except TypeError:
            # It wants a ThreadPoolExecutor, from Python 3.11 on.
            executor.shutdown()
            return "as-default"
        return await exec_in_executor(None, name)

    assert asyncio.run(main()).startswith("as-default")


def test_what_is_no_executor() -> None:
    with pytest.raises(TypeError, match=r"submit\(\) method is wanted, not int"):
        initConf(executor=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"submit\(\) method is wanted, not str"):
        exec_in_executor_threading_future("x", add, 1, 2)  # type: ignore[call-overload]


def test_other_settings_of_the_original_are_accepted() -> None:
    initConf(executor=None, something="else")


def test_a_result_in_place_of_a_function() -> None:
    with pytest.raises(TypeError, match="drop the parentheses"):
        exec_in_executor_threading_future(None, 3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"drop the parentheses: exec_in_executor\(executor, fn, arg\)"):
        exec_in_executor_threading_future(None, multiply(1, 2))  # type: ignore[call-overload]


# Where no loop runs


def test_without_a_loop(executor: concurrent.futures.Executor | None) -> None:
    assert exec_in_executor_threading_future(executor, add, 2, 3).result(SOON) == 5
    assert exec_in_executor_threading_future(executor, multiply, 2, 3).result(SOON) == 6
    assert exec_in_executor_threading_future(executor, blocking).result(SOON) == 6


def test_an_asyncio_future_without_a_loop(executor: concurrent.futures.Executor | None) -> None:
    future = exec_in_executor(executor, multiply, 2, 3)
    loop = future.get_loop()
    assert loop.run_until_complete(future) == 6
    assert loop.run_until_complete(exec_in_executor(executor, add, 2, 3)) == 5


def test_ensure_thread_event_loop() -> None:
    ensure_thread_event_loop()
    loop = asyncio.get_event_loop()
    ensure_thread_event_loop()
    assert asyncio.get_event_loop() is loop
    assert loop.run_until_complete(multiply(2, 3)) == 6
    loop.close()
    ensure_thread_event_loop()
    assert asyncio.get_event_loop() is not loop
    assert asyncio.get_event_loop().run_until_complete(multiply(2, 3)) == 6


def test_it_leaves_a_running_loop_alone() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ensure_thread_event_loop()
        assert asyncio.get_event_loop() is loop

    asyncio.run(main())


@pytest.mark.parametrize("kind", [Executor, ThreadPoolExecutor])
def test_it_fits_as_an_initializer(kind: Any) -> None:
    with kind(1, initializer=ensure_thread_event_loop) as executor:
        assert executor.submit(blocking).result(SOON) == 6


# The five programs of the document: nothing but the import is changed, and the time that they sleep.

PROGRAMS = {
    "1: async calls sync": ("""
        import time
        import asyncio
        import atexit
        from concurrent.futures import ThreadPoolExecutor
        from threadloop import exec_in_executor

        EXECUTOR = ThreadPoolExecutor()

        def blocking_io(x: int, y: int) -> int:
            time.sleep(0.05)
            return x + y

        def close_executor() -> None:
            EXECUTOR.shutdown(wait=True)

        atexit.register(close_executor)

        async def main() -> None:
            result = await exec_in_executor(EXECUTOR, blocking_io, 2, 3)
            print(result)

        if __name__ == "__main__":
            asyncio.run(main())
    """, "5\n"),
    "2: sync calls sync that calls async": ("""
        import time
        import asyncio
        import atexit
        from concurrent.futures import ThreadPoolExecutor
        from threadloop import exec_in_executor_threading_future

        EXECUTOR = ThreadPoolExecutor()

        async def sample_coroutine(x: int, y: int) -> int:
            await asyncio.sleep(0.05)
            return x * y

        def blocking_io():
            time.sleep(0.05)
            async def helper_example_usage():
                result = await sample_coroutine(2, 3)
                return result
            loop = asyncio.get_event_loop()
            return loop.run_until_complete(helper_example_usage())

        def close_executor() -> None:
            EXECUTOR.shutdown(wait=True)

        atexit.register(close_executor)

        def some_legacy_function() -> None:
            fut = exec_in_executor_threading_future(EXECUTOR, blocking_io)
            result = fut.result()
            print(result)

        async def main() -> None:
            some_legacy_function()

        if __name__ == "__main__":
            asyncio.run(main())
    """, "6\n"),
    "3: async calls sync that calls async": ("""
        import time
        import asyncio
        import atexit
        from concurrent.futures import ThreadPoolExecutor
        from threadloop import exec_in_executor

        EXECUTOR = ThreadPoolExecutor()

        async def sample_coroutine(x: int, y: int) -> int:
            await asyncio.sleep(0.05)
            return x * y

        def blocking_io() -> None:
            time.sleep(0.05)
            async def helper_example_usage():
                result = await sample_coroutine(2, 3)
                return result
            loop = asyncio.get_event_loop()
            return loop.run_until_complete(helper_example_usage())

        def close_executor() -> None:
            EXECUTOR.shutdown(wait=True)

        atexit.register(close_executor)

        async def main() -> None:
            result = await exec_in_executor(EXECUTOR, blocking_io)
            print(result)

        if __name__ == "__main__":
            asyncio.run(main())
    """, "6\n"),
    "4: async calls async": ("""
        import asyncio
        import atexit
        from concurrent.futures import ThreadPoolExecutor
        from threadloop import exec_in_executor

        EXECUTOR = ThreadPoolExecutor()

        async def sample_coroutine(x: int, y: int) -> int:
            await asyncio.sleep(0.05)
            return x * y

        def close_executor() -> None:
            EXECUTOR.shutdown(wait=True)

        atexit.register(close_executor)

        async def main() -> None:
            result = await exec_in_executor(EXECUTOR, sample_coroutine, 2, 3)
            print(result)

        if __name__ == "__main__":
            asyncio.run(main())
    """, "6\n"),
    "5: sync calls async": ("""
        import asyncio
        import atexit
        from concurrent.futures import ThreadPoolExecutor
        from threadloop import exec_in_executor_threading_future

        EXECUTOR = ThreadPoolExecutor()

        async def sample_coroutine(x: int, y: int) -> int:
            await asyncio.sleep(0.05)
            return x * y

        def close_executor() -> None:
            EXECUTOR.shutdown(wait=True)

        atexit.register(close_executor)

        def some_legacy_function():
            fut = exec_in_executor_threading_future(EXECUTOR, sample_coroutine, 2, 3)
            result = fut.result()
            print(result)

        async def main() -> None:
            some_legacy_function()

        if __name__ == "__main__":
            asyncio.run(main())
    """, "6\n"),
    "its exit stack": ("""
        import asyncio
        import contextlib
        from concurrent.futures import ThreadPoolExecutor
        from threadloop import exec_in_executor, ensure_thread_event_loop

        EXECUTOR = None

        def blocking_io(x: int, y: int) -> int:
            return x + y

        async def main():
            async with contextlib.AsyncExitStack() as stack:
                global EXECUTOR
                EXECUTOR = stack.enter_context(
                    ThreadPoolExecutor(initializer=ensure_thread_event_loop))
                result = await exec_in_executor(EXECUTOR, blocking_io, 2, 3)
                print(result)

        asyncio.run(main())
    """, "5\n"),
}


@pytest.mark.parametrize("pool", ["concurrent.futures", "threadloop"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_program(program: str, pool: str) -> None:
    code, wanted = PROGRAMS[program]
    if pool == "threadloop":
        code = code.replace("from concurrent.futures import ThreadPoolExecutor",
                            "from threadloop import Executor as ThreadPoolExecutor")
    outcome = script(code)
    # In development mode asyncio says that the seed's own programs block its loop.
    told = [line for line in outcome.err.splitlines() if not re.match(r"Executing .* took .* seconds", line)]
    assert told == []
    assert outcome.out == wanted
    assert outcome.status == 0
