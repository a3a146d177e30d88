# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coroutines on the loop of another thread, and functions that are awaited."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import threadloop
from gi.repository import GLib
from pools import bulk, check, give, trips
from rounds import Contestant, Row

try:
    from tornado.concurrent import run_on_executor as tornado_run_on_executor
except ImportError:
    tornado_run_on_executor = None

try:
    from gi.events import GLibEventLoop
except ImportError:
    GLibEventLoop = None

RUNNERS = 100


# ---- Coroutines to another thread ----

async def give_async(i):
    return i


@contextmanager
def event_thread():
    with threadloop.EventThread() as thread:
        yield thread.submit


@contextmanager
def stock_thread():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda _, i: asyncio.run_coroutine_threadsafe(give_async(i), loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def event_thread_async():
    with event_thread() as submit:
        yield lambda _, i: submit(give_async, i)


def to_threads(run):
    return [Contestant('Tl.EventThread', event_thread_async, run),
            Contestant('run_coroutine_threadsafe', stock_thread, run)]


# ---- Functions that are awaited ----

async def await_all(call, n):
    check(sum(await asyncio.gather(*[call(i) for i in range(n)])), n)


async def await_in_order(call, n):
    futures = [call(i) for i in range(n)]
    check(sum([await future for future in futures]), n)


async def await_each(call, n):
    for i in range(n):
        if await call(i) != i:
            raise SystemExit('bench: wrong results')


@contextmanager
def awaiting(make_call, executor=None):
    with asyncio.Runner() as runner:
        runner.get_loop()
        if executor is None:
            yield runner, make_call(None)
        else:
            with executor() as pool:
                yield runner, make_call(pool)


def run_awaiting(coroutine_function, handle, n):
    runner, call = handle
    runner.run(coroutine_function(call, n))


def call_submit(executor):
    return partial(executor.submit, give)


def call_to_thread(_):
    return partial(asyncio.to_thread, give)


def call_in_executor(executor):
    return lambda i: asyncio.get_running_loop().run_in_executor(executor, give, i)


def call_decorated(decorator):
    class Giver:
        def __init__(self, executor):
            self.executor = executor

        @decorator
        def give(self, i):
            return i

    return lambda executor: Giver(executor).give


def awaited(run):
    return [Contestant('Tl.Executor', partial(awaiting, call_submit, threadloop.Executor), run),
            Contestant('asyncio.to_thread', partial(awaiting, call_to_thread), run),
            Contestant('loop.run_in_executor', partial(awaiting, call_in_executor, ThreadPoolExecutor), run)]


def decorated(run):
    ours = partial(awaiting, call_decorated(threadloop.run_on_executor), threadloop.Executor)
    if tornado_run_on_executor is None:
        theirs, note = None, 'Tornado is not installed for this interpreter'
    else:
        theirs, note = partial(awaiting, call_decorated(tornado_run_on_executor), ThreadPoolExecutor), None
    return [Contestant('Tl.run_on_executor', ours, run), Contestant("Tornado's run_on_executor", theirs, run, note)]


def await_rows(contestants):
    return [
        Row('one after the other', 'ns a task', 2000, contestants(partial(run_awaiting, await_each))),
        Row('one after the other, all on one CPU', 'ns a task', 2000,
            contestants(partial(run_awaiting, await_each)), pinned=True),
        Row('gathered', 'ns a task', 5000, contestants(partial(run_awaiting, await_all))),
    ]


# ---- What a step of the loop costs ----

async def chain(n):
    """Callbacks, each of which asks for the next."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left = n

    def step():
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(step)
        else:
            done.set_result(None)

    loop.call_soon(step)
    await done


async def turns(n):
    for _ in range(n):
        await asyncio.sleep(0)


async def runners(n):
    await asyncio.gather(*[turns(n // RUNNERS) for _ in range(RUNNERS)])


async def timers(n):
    await asyncio.gather(*[asyncio.sleep(0.001) for _ in range(n)])


async def echo(n):
    """A byte to oneself through sockets: every step waits for the selector."""
    async def answer(reader, writer):
        while byte := await reader.read(1):
            writer.write(byte)
        writer.close()

    server = await asyncio.start_server(answer, '127.0.0.1', 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for _ in range(n):
        writer.write(b'x')
        await reader.read(1)
    writer.close()
    server.close()


@contextmanager
def runner_of(loop_factory):
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        yield runner.get_loop()


def run_loop(coroutine_function, loop, n):
    loop.run_until_complete(coroutine_function(n))


def stepping(coroutine_function):
    run = partial(run_loop, coroutine_function)
    contestants = [Contestant('threadloop.new_event_loop', partial(runner_of, threadloop.new_event_loop), run),
                   Contestant('asyncio.SelectorEventLoop', partial(runner_of, asyncio.SelectorEventLoop), run)]
    if GLibEventLoop is None:
        theirs, note = None, 'gi.events: only in PyGObject 3.50 and newer'
    else:
        theirs, note = partial(runner_of, lambda: GLibEventLoop(GLib.MainContext.new())), None
    return [*contestants, Contestant('gi.events', theirs, run, note)]


SUBJECTS = {
    'python-coroutines': [
        Row('submit all, then every result', 'ns a coroutine', 10000, to_threads(bulk)),
        Row('one at a time, p50', 'ns', 2000, to_threads(partial(trips, 50))),
        Row('one at a time, p50, all on one CPU', 'ns', 2000, to_threads(partial(trips, 50)), pinned=True),
        Row('one at a time, p99', 'ns', 2000, to_threads(partial(trips, 99))),
    ],
    'python-run-on-executor': await_rows(decorated),
    'python-await': [
        *await_rows(awaited),
        Row('submitted, then awaited in their order', 'ns a task', 5000, [
            Contestant('Tl.Executor', partial(awaiting, call_submit, threadloop.Executor),
                       partial(run_awaiting, await_in_order)),
            Contestant('loop.run_in_executor', partial(awaiting, call_in_executor, ThreadPoolExecutor),
                       partial(run_awaiting, await_in_order)),
        ]),
    ],
    'python-loop': [
        Row('call_soon, each from the one before', 'ns a step', 20000, stepping(chain)),
        Row('asyncio.sleep(0) in %d tasks' % RUNNERS, 'ns a step', 20000, stepping(runners)),
        Row('asyncio.sleep(0.001), all at once', 'ns a timer', 5000, stepping(timers)),
        Row('a byte through sockets and back', 'ns', 1000, stepping(echo)),
    ],
}
