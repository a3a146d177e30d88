# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions on threads, and who waits for their results blocks."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import threadloop
from rounds import Contestant, Row

OURS, PEER = 'Tl.Executor', 'ThreadPoolExecutor'
POOLS = [(OURS, threadloop.Executor), (PEER, ThreadPoolExecutor)]

PAGE = os.sysconf('SC_PAGE_SIZE')

# How many turns of a loop one takes to find out how many take how long.
TRIAL = 2000


def give(i):
    return i


def check(total, n):
    if total != n * (n - 1) // 2:
        raise SystemExit('bench: wrong results')


def percentile(times, percent):
    return sorted(times)[(len(times) - 1) * percent // 100]


def timed(function, *args):
    since = time.perf_counter_ns()
    function(*args)
    return time.perf_counter_ns() - since


def bulk(submit, n):
    futures = [submit(give, i) for i in range(n)]
    check(sum([future.result() for future in futures]), n)


def trips(percent, submit, n):
    times = []
    clock = time.perf_counter_ns
    for i in range(n):
        since = clock()
        submit(give, i).result()
        times.append(clock() - since)
    return percentile(times, percent)


def compute(turns, i):
    for _ in range(turns):
        i += 1
    return i - turns


def calibrate(nanoseconds):
    """How many turns take that long here."""
    fastest = min(timed(compute, TRIAL, 0) for _ in range(20))
    return max(TRIAL * nanoseconds // fastest, 1)


def sleep(i):
    time.sleep(0.001)
    return i


def work(task, submit, n):
    futures = [submit(task, i) for i in range(n)]
    check(sum([future.result() for future in futures]), n)


@contextmanager
def pool(make, workers):
    with make(workers) as executor:
        yield executor.submit


@contextmanager
def here():
    """No executor at all."""
    yield None


def work_here(task, _, n):
    check(sum([task(i) for i in range(n)]), n)


@contextmanager
def held(make):
    """A pool whose only worker is busy, so that the rest stays queued."""
    busy, gate = threading.Event(), threading.Event()

    def hold():
        busy.set()
        gate.wait()

    with make(1) as executor:
        executor.submit(hold)
        busy.wait()
        try:
            yield executor.submit
        finally:
            gate.set()


def resident():
    with open('/proc/self/statm', encoding='ascii') as statm:
        return int(statm.read().split()[1]) * PAGE


def memory(submit, n):
    futures = [0] * n
    before = resident()
    for i in range(n):
        futures[i] = submit(give, i)
    after = resident()
    for future in futures:
        future.cancel()
    return (after - before) / n


def pools(run, workers):
    return [Contestant(name, partial(pool, make, workers), run) for name, make in POOLS]


def work_rows(name, n, task):
    alone = Contestant('a loop, on no other thread', here, partial(work_here, task))
    return [Row(name, 'ns a task', n, [*pools(partial(work, task), 2), alone])]


SUBJECTS = {
    'python-bulk': [
        Row('%s, submit all, then every result' % name, 'ns a task', 20000, pools(bulk, workers))
        for name, workers in (('1 worker', 1), ('2 workers', 2), ('default workers', None))
    ],
    'python-round-trip': [
        Row('submit().result(), p50', 'ns', 2000, pools(partial(trips, 50), 1)),
        Row('submit().result(), p50, all on one CPU', 'ns', 2000, pools(partial(trips, 50), 1), pinned=True),
        Row('submit().result(), p99', 'ns', 2000, pools(partial(trips, 99), 1)),
    ],
    'python-work': [
        *work_rows('2 workers, 50 us of Python', 2000, partial(compute, calibrate(50000))),
        *work_rows('2 workers, 1 ms asleep', 400, sleep),
    ],
    'python-memory': [
        Row('a queued task', 'bytes', 100000,
            [Contestant(name, partial(held, make), memory) for name, make in POOLS],
            warm=False, keep_tasks=True),
    ],
}
