# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rounds in which one contestant after the other has its turn, as in bench.c;
what the numbers come to is worked out by report.py."""

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

# How long it takes at least: the system has to find out which threads had
# better not share a CPU.
WARM_UP = 0.02


class Contestant(NamedTuple):
    """A way to get something done. `open` makes what `run` is given: for each
    round anew, so that there is nobody else while it runs. It is None for a
    peer that is not here."""
    name: str
    open: Callable[[], AbstractContextManager[Any]] | None
    run: Callable[[Any, int], float | None]
    note: str | None = None


class Row(NamedTuple):
    """`run` of the contestants gives the number that the row is about; None is
    for the wall time of a task, in nanoseconds."""
    name: str
    unit: str
    tasks: int
    contestants: list[Contestant]
    pinned: bool = False        # all on one CPU
    warm: bool = True           # False where only the first round of a process counts
    keep_tasks: bool = False    # as many in a quick run


def parse_arguments(subjects):
    parser = argparse.ArgumentParser()
    parser.add_argument('subject', choices=subjects)
    parser.add_argument('--rounds', type=int, default=11)
    parser.add_argument('--quick', action='store_true', help='half of the work')
    parser.add_argument('--list', action='store_true', help='name the contestants and measure nothing')
    parser.add_argument('--only', help='measure this contestant alone')
    parser.add_argument('--row', help='measure this row alone')
    parser.add_argument('--tasks', type=int, help='how many tasks a round')
    return parser.parse_args()


def warm_up(contestant, handle, tasks):
    since = time.monotonic()
    while True:
        contestant.run(handle, max(tasks // 10, 1))
        if time.monotonic() - since >= WARM_UP:
            break


def measure(row, contestant, tasks, line):
    affinity = os.sched_getaffinity(0)
    if row.pinned:
        os.sched_setaffinity(0, {min(affinity)})
    try:
        with contestant.open() as handle:
            if row.warm:
                warm_up(contestant, handle, tasks)
            # The collector stays on, as everybody has it; nobody pays for what
            # another one has left.
            gc.collect()
            cpu, wall = time.process_time_ns(), time.perf_counter_ns()
            value = contestant.run(handle, tasks)
            wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    finally:
        os.sched_setaffinity(0, affinity)
    line['values'].append(wall / tasks if value is None else value)
    line['cpu'].append(cpu / tasks)


def run_row(args, row):
    # With a tenth, starting would be most of it, and the collector no part.
    tasks = args.tasks or (max(row.tasks // 2, 1) if args.quick and not row.keep_tasks else row.tasks)
    pairs = []
    for contestant in row.contestants:
        if args.only not in (None, contestant.name):
            continue
        line = {'subject': args.subject, 'row': row.name, 'unit': row.unit, 'contestant': contestant.name,
                'tasks': tasks, 'values': [], 'cpu': []}
        if contestant.note is not None:
            line['note'] = contestant.note
        if contestant.open is None:
            line['absent'] = True
        pairs.append((contestant, line))

    present = [] if args.list else [pair for pair in pairs if pair[0].open is not None]
    for i in range(args.rounds if present else 0):
        print('bench: %s: %s: round %d of %d' % (args.subject, row.name, i + 1, args.rounds),
              file=sys.stderr, flush=True)
        # Another one begins each time.
        for j in range(len(present)):
            contestant, line = present[(i + j) % len(present)]
            measure(row, contestant, tasks, line)
    for _, line in pairs:
        print(json.dumps(line), flush=True)


def run_program(subjects):
    args = parse_arguments(sorted(subjects))
    for row in subjects[args.subject]:
        if args.row in (None, row.name):
            run_row(args, row)
