#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the subjects of the benchmark, each in a fresh process, prints a table
for each row with the goals that stand against it, and writes all of it as
JSON. What is missed is said and is no failure, unless --strict asks for that:
a machine may be busy. Lost work and crashes always are failures."""

import argparse
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

SUBJECTS = ['bulk', 'kept', 'round-trip', 'post', 'callbacks', 'memory', 'cancel',
            'instructions', 'shape', 'growth', 'idle']
PYTHON_SUBJECTS = ['python-bulk', 'python-round-trip', 'python-coroutines', 'python-run-on-executor',
                   'python-await', 'python-work', 'python-memory', 'python-loop']
GJS_SUBJECTS = ['gjs-calls', 'gjs-realms', 'gjs-scaling']
ALL_SUBJECTS = SUBJECTS + PYTHON_SUBJECTS + GJS_SUBJECTS

# What does not vary as times do, and takes a process for each number.
FEW_ROUNDS = 3

# What callgrind runs with; the difference is what is counted.
FEW_TASKS, MANY_TASKS = 2000, 8000


class Goal(NamedTuple):
    """What is asked for, in the words of the table; `against` is a peer in the
    same row, or None where the number itself is limited."""
    work: str
    subject: str
    row: str
    ours: str
    against: str
    kind: str       # 'rate': so many times the peer's rate; 'cost': at most so
    limit: float    # many times the peer's cost; 'most': at most this


POOL = 'GThreadPool with a future'
ONE = 'submit 1M, drop the futures, 1 submitter'
KEPT, KEPT_ROW = 'submit 500k, keep them, every result()', 'submit all, then every result'
TRIP, TRIP_ROW = 'round trip, p50', 'one at a time'
INVOKE = 'g_main_context_invoke_full'
SHARE = 'ideal: work divided by workers'
AMONG_ROW = 'a long one among 10,000 short'
BURST = 'a burst of 100 %s every 100 ms'
PINNED = ', all on one CPU'
PY_ALL = 'submit all, then every result'
PY_TRIP, PY_ONE = 'submit().result(), p50', 'one at a time, p50'
PY_POOL, PY_THREADSAFE = 'ThreadPoolExecutor', 'run_coroutine_threadsafe'
AFTER, GATHERED = 'one after the other', 'gathered'
JS_TASK, JS_PIPE = 'GTask in a C helper, promisified', 'JSON lines to a gjs child'

GOALS = [
    Goal(ONE, 'bulk', '1 submitter', 'threadloop', 'GThreadPool, shared', 'rate', 6),
    Goal(ONE, 'bulk', '1 submitter', 'threadloop', 'GThreadPool, exclusive', 'rate', 6),
    Goal('the same, 2 submitters', 'bulk', '2 submitters', 'threadloop', 'GThreadPool, shared', 'rate', 1.8),
    Goal('the same, 2 submitters', 'bulk', '2 submitters', 'threadloop', 'GThreadPool, exclusive', 'rate', 1.8),
    Goal('the same, 4 submitters', 'bulk', '4 submitters', 'threadloop', 'GThreadPool, shared', 'rate', 1.5),
    Goal('the same, 4 submitters', 'bulk', '4 submitters', 'threadloop', 'GThreadPool, exclusive', 'rate', 1.5),
    Goal(KEPT, 'kept', KEPT_ROW, 'threadloop', POOL, 'rate', 2.5),
    Goal(KEPT, 'kept', KEPT_ROW, 'threadloop', 'DexThreadPool', 'rate', 3.5),
    Goal(KEPT, 'kept', KEPT_ROW, 'threadloop', 'GTask', 'rate', 10),
    Goal(TRIP + ', no spinning', 'round-trip', TRIP_ROW, 'threadloop, no spinning', POOL, 'cost', 1.1),
    Goal(TRIP + ', spinning', 'round-trip', TRIP_ROW, 'threadloop', POOL, 'cost', 0.15),
    Goal('the same, all on one CPU', 'round-trip', TRIP_ROW + ', all on one CPU',
         'threadloop, no spinning', POOL, 'cost', 1.1),
    Goal('one-way post to a running context', 'post', 'one way', 'TlEventThread', INVOKE, 'rate', 12),
    Goal('round trip to that context', 'post', 'there and back', 'TlEventThread', INVOKE, 'cost', 1.0),
    Goal('the same, no spinning', 'post', 'there and back', 'TlEventThread, no spinning', INVOKE, 'cost', 1.0),
    Goal('the same, spinning', 'post', 'there and back', 'TlEventThread, spinning', INVOKE, 'cost', 0.3),
    Goal('the same, all on one CPU', 'post', 'there and back, all on one CPU',
         'TlEventThread, no spinning', INVOKE, 'cost', 1.0),
    Goal('100k results into the main loop', 'callbacks', 'results into the main loop',
         'threadloop', 'GTask', 'rate', 8),
    Goal('bytes a pending task', 'memory', 'a pending task', 'threadloop', None, 'most', 128),
    Goal('bytes a pending post', 'memory', 'a pending post', 'TlEventThread', None, 'most', 48),
    # A few megabytes of a million: caches of threads, and pages not quite empty.
    Goal('bytes not given back, a task', 'memory', 'left of a task after the burst',
         'threadloop', None, 'most', 4),
    Goal('bytes not given back, a post', 'memory', 'left of a post after the burst',
         'TlEventThread', None, 'most', 4),
    Goal('ns to cancel, 3,000 queued', 'cancel', 'cancel each of those queued',
         'threadloop, 3,000 queued', None, 'most', 400),
    Goal('ns to cancel, 30,000 queued', 'cancel', 'cancel each of those queued',
         'threadloop, 30,000 queued', None, 'most', 400),
    Goal('ns to cancel, 300,000 queued', 'cancel', 'cancel each of those queued',
         'threadloop, 300,000 queued', None, 'most', 400),
    Goal('instructions a task', 'instructions', 'a task of many', 'threadloop', None, 'most', 500),
    Goal('tasks of 10 us', 'shape', 'tasks of 10 us', 'threadloop', SHARE, 'cost', 1.15),
    Goal('tasks of 1 ms', 'shape', 'tasks of 1 ms', 'threadloop', SHARE, 'cost', 1.03),
    # Where one short task waited for the long one, this would be 2.
    Goal('short tasks beside a long one', 'shape', AMONG_ROW, 'threadloop', SHARE, 'cost', 1.15),
    Goal('growth: 1k to 1M pending', 'growth', 'pending tasks',
         'threadloop, 1,000,000 pending', 'threadloop, 1,000 pending', 'cost', 1.5),
    Goal('growth: 1 to 64 workers', 'growth', 'workers',
         'threadloop, 64 workers', 'threadloop, 1 worker', 'cost', 1.5),
    Goal('growth: 1 to 8 submitters', 'growth', 'submitters',
         'threadloop, 8 submitters', 'threadloop, 1 submitter', 'cost', 1.5),
    # A thousandth of a CPU: what the sleeping process itself is charged with.
    Goal('idle executor, us of CPU a second', 'idle', 'nothing to do', 'threadloop', None, 'most', 1000),
    Goal('CPU of bursts of tiny tasks', 'idle', BURST % 'tiny tasks',
         'threadloop', 'GThreadPool, exclusive', 'cost', 1.1),
    Goal('CPU of bursts of 10 us tasks', 'idle', BURST % 'tasks of 10 us',
         'threadloop', 'GThreadPool, exclusive', 'cost', 1.1),
    *(Goal('Python: submit and result, ' + who, 'python-bulk', who + ', ' + PY_ALL, 'Tl.Executor', PY_POOL, 'rate', 4)
      for who in ('1 worker', '2 workers', 'default workers')),
    *(Goal('Python: ' + row, 'python-round-trip', row, 'Tl.Executor', PY_POOL, 'cost', 0.5)
      for row in (PY_TRIP, PY_TRIP + PINNED)),
    Goal('Python: coroutines to a thread', 'python-coroutines', PY_ALL, 'Tl.EventThread', PY_THREADSAFE, 'rate', 2.5),
    *(Goal('Python: coroutines, ' + row, 'python-coroutines', row, 'Tl.EventThread', PY_THREADSAFE, 'cost', 0.6)
      for row in (PY_ONE, PY_ONE + PINNED)),
    *(Goal('Python: run_on_executor, ' + row, 'python-run-on-executor', row,
           'Tl.run_on_executor', "Tornado's run_on_executor", 'rate', 4) for row in (AFTER, AFTER + PINNED, GATHERED)),
    *(Goal('Python: await submit(), ' + row, 'python-await', row, 'Tl.Executor', 'asyncio.to_thread', 'rate', 4)
      for row in (AFTER, AFTER + PINNED, GATHERED)),
    *(Goal('JavaScript: native call, ' + row, 'gjs-calls', row, ours, JS_TASK, 'cost', 0.6)
      for row, ours in ((PY_ONE, 'Tl.Executor'), (PY_ONE + PINNED, 'Tl.Executor, no spinning'),
                        (GATHERED, 'Tl.Executor'))),
    *(Goal('JavaScript: call of a realm, ' + row, 'gjs-realms', row, 'a realm', JS_PIPE, 'cost', 1.1)
      for row in (PY_ONE, PY_ONE + PINNED, 'pipelined')),
    Goal('JavaScript: two realms', 'gjs-scaling', 'tasks of 10 ms', '2 realms', '1 realm', 'rate', 1.8),
]


def say(text):
    """Progress; stdout has the tables."""
    print('bench: ' + text, file=sys.stderr, flush=True)


class Failure(Exception):
    """A contestant has lost work, or the program has crashed."""


# ---- Measuring ----

def run_program(command, **environment):
    """The objects that the program prints, one a line. What it says on stderr
    is progress."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False,
                          env={**os.environ, **environment})
    if done.returncode != 0:
        raise Failure('%s ended with status %d' % (' '.join(command[1:]), done.returncode))
    return [json.loads(line) for line in done.stdout.splitlines()]


def program_of(args, subject):
    """The program that measures it, and what it is told first."""
    if subject in PYTHON_SUBJECTS:
        return [args.python, args.python_program, subject]
    if subject in GJS_SUBJECTS:
        return [args.gjs, '-m', args.gjs_program, subject]
    return [args.program, subject]


def measure_plain(args, subject):
    """All contestants of a subject in one process, in turns."""
    command = program_of(args, subject) + ['--rounds=%d' % args.rounds]
    return run_program(command + (['--quick'] if args.quick else []))


def listed(args, subject):
    return run_program(program_of(args, subject) + ['--list'])


def few_rounds(args):
    return 1 if args.quick else min(FEW_ROUNDS, args.rounds)


def measure_apart(args, subject):
    """A process for each number; in turns all the same."""
    lines = listed(args, subject)
    rounds = few_rounds(args)
    for round_ in range(rounds):
        for line in lines:
            if line.get('absent'):
                continue
            say('%s: round %d of %d: %s: %s' % (subject, round_ + 1, rounds, line['row'], line['contestant']))
            command = program_of(args, subject) + ['--rounds=1', '--row=' + line['row'],
                                                   '--only=' + line['contestant']]
            # One arena: of the others, glibc never trims the top, so that what
            # was freed would look as if it had been kept.
            [number] = run_program(command + (['--quick'] if args.quick else []), MALLOC_ARENA_MAX='1')
            line['tasks'] = number['tasks']
            line['values'] += number['values']
            line['cpu'] += number['cpu']
    return lines


def count_instructions(args, subject, contestant, tasks):
    with tempfile.TemporaryDirectory() as scratch:
        command = ['valgrind', '--tool=callgrind', '--fair-sched=yes',
                   '--callgrind-out-file=' + os.path.join(scratch, 'out'),
                   args.program, subject, '--rounds=1', '--tasks=%d' % tasks, '--only=' + contestant]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    collected = re.search(r'Collected\s*:\s*(\d+)', done.stderr)
    if done.returncode != 0 or collected is None:
        raise Failure('%s of %s in callgrind ended with status %d:\n%s'
                      % (subject, contestant, done.returncode, done.stderr))
    return int(collected.group(1))


def measure_instructions(args, subject):
    """Twice, so that the start of the program does not count."""
    lines = listed(args, subject)
    for line in lines:
        line['tasks'] = MANY_TASKS - FEW_TASKS
        if shutil.which('valgrind') is None:
            line.update(absent=True, note='instructions: there is no valgrind here')
        elif not line.get('absent'):
            say('%s: %s' % (subject, line['contestant']))
            for _ in range(few_rounds(args)):
                few, many = (count_instructions(args, subject, line['contestant'], n)
                             for n in (FEW_TASKS, MANY_TASKS))
                line['values'].append((many - few) / line['tasks'])
    return lines


MEASURE = {'memory': measure_apart, 'instructions': measure_instructions, 'python-memory': measure_apart}


# ---- What the numbers come to ----

def summarize(line):
    values = line['values']
    if values:
        line.update(median=statistics.median(values), min=min(values), max=max(values))
    if line['cpu']:
        line['cpu_median'] = statistics.median(line['cpu'])


def ratios(line, other):
    """The ratio of the medians, and the median of the ratios round by round;
    either is None where there is nothing to divide by."""
    if not line['values'] or not other['values'] or min(other['values']) <= 0:
        return None, None
    paired = [a / b for a, b in zip(line['values'], other['values'])]
    return line['median'] / other['median'], statistics.median(paired)


def judge(goal, rows):
    """The goal, what it came to, and a verdict; None where the row was not
    asked for."""
    row = rows.get((goal.subject, goal.row))
    if row is None:
        return None
    lines = {line['contestant']: line for line in row}
    ours = lines[goal.ours]
    result = {**goal._asdict(), 'measured': None, 'paired': None}
    if goal.against is None:
        result['measured'] = ours.get('median')
    elif goal.kind == 'rate':
        result['measured'], result['paired'] = ratios(lines[goal.against], ours)
    else:
        result['measured'], result['paired'] = ratios(ours, lines[goal.against])

    measured = result['measured']
    unit = 'x' if goal.against else ''
    if measured is None:
        result['verdict'] = 'not measured'
    elif measured >= goal.limit if goal.kind == 'rate' else measured <= goal.limit:
        result['verdict'] = 'ok'
    else:
        result['verdict'] = 'short of it: %.4g%s of %g%s' % (measured, unit, goal.limit, unit)
    return result


# ---- Tables ----

def number(value):
    """Three digits, without an exponent."""
    if value is None:
        return '-'
    if abs(value) >= 100:
        return '{:,.0f}'.format(value)
    if abs(value) >= 10:
        return '%.1f' % value
    return '%.2f' % value


def print_columns(adjust, head, lines):
    """`adjust` has a letter for each column: l or r."""
    widths = [max(len(line[i]) for line in [head] + lines) for i in range(len(head))]
    for line in [head] + lines:
        cells = [text.rjust(width) if side == 'r' else text.ljust(width)
                 for text, width, side in zip(line, widths, adjust)]
        print('  ' + '  '.join(cells).rstrip())


def describe(goal):
    relation = {'rate': '>= %gx the rate of %s', 'cost': '<= %gx %s'}
    if goal['against'] is None:
        return '<= %g' % goal['limit']
    return relation[goal['kind']] % (goal['limit'], goal['against'])


def outcome(goal):
    if goal['measured'] is None:
        return ''
    if goal['against'] is None:
        return '%.4g' % goal['measured']
    return '%.4gx (paired %.4gx)' % (goal['measured'], goal['paired'])


def print_row(subject, row, lines, goals, footnotes):
    """The first line is what the others are compared with."""
    ours = lines[0]
    table = []
    for line in lines:
        mark = ''
        if 'note' in line:
            if line['note'] not in footnotes:
                footnotes.append(line['note'])
            mark = ' [%d]' % (footnotes.index(line['note']) + 1)
        if line['values']:
            ratio, paired = ratios(line, ours)
            table.append([line['contestant'] + mark, '{:,}'.format(line['tasks']), number(line['median']),
                          number(line['min']), number(line['max']), number(line.get('cpu_median')),
                          number(ratio), number(paired)])
        else:
            table.append([line['contestant'] + mark, '', 'missing', '', '', '', '', ''])

    print('\n%s: %s (%s)' % (subject, row, lines[0]['unit']))
    print_columns('lrrrrrrr', ['', 'tasks', 'median', 'min', 'max', 'CPU ns', 'to ours', 'paired'], table)
    for goal in goals:
        print('  goal: %s %s: %s  %s' % (goal['ours'], describe(goal), outcome(goal), goal['verdict']))
    sys.stdout.flush()


def print_summary(goals, footnotes, warnings):
    print('\nAll goals')
    print_columns('llll', ['work', 'goal', 'measured', 'verdict'],
                  [[g['work'], describe(g), outcome(g), g['verdict']] for g in goals])
    missed = sum(g['verdict'].startswith('short') for g in goals)
    print('\n%d of %d goals met' % (sum(g['verdict'] == 'ok' for g in goals), len(goals))
          + (', %d short of it' % missed if missed else ''))
    for i, note in enumerate(footnotes):
        print('[%d] %s' % (i + 1, note))
    for warning in warnings:
        print('WARNING: ' + warning)
    return missed


# ---- The machine ----

def cpu_model():
    try:
        with open('/proc/cpuinfo', encoding='utf-8') as cpuinfo:
            for line in cpuinfo:
                if line.startswith('model name'):
                    return line.split(':', 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def busy_seconds():
    """CPU time of everybody, in seconds; None where the kernel does not say."""
    try:
        with open('/proc/stat', encoding='utf-8') as stat:
            fields = [int(field) for field in stat.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    # User, nice, system, interrupts and what other guests of the host took.
    return sum(fields[i] for i in (0, 1, 2, 5, 6, 7)) / os.sysconf('SC_CLK_TCK')


def own_seconds():
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def describe_machine(args):
    return {
        'cpu': cpu_model(),
        'cpus': len(os.sched_getaffinity(0)),
        'kernel': platform.release(),
        'libc': ' '.join(platform.libc_ver()),
        'glib': args.glib,
        'libuv': args.libuv,
        'libdex': args.libdex,
        'compiler': args.compiler,
        'buildtype': args.buildtype,
        'load_before': os.getloadavg()[0],
    }


def describe_language(args, machine, name, subjects, command, missing):
    """Adds the versions of a language's side, or takes its subjects out of
    what is measured, and gives the reason."""
    if not set(args.subjects) & set(subjects):
        return []
    reason = missing
    if command[0]:
        done = subprocess.run([*command, '--versions'], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            machine.update(json.loads(done.stdout))
            return []
        reason = (done.stderr.strip().splitlines() or ['status %d' % done.returncode])[-1]
    args.subjects = [subject for subject in args.subjects if subject not in subjects]
    return ['%s was not measured: %s' % (name, reason)]


def describe_languages(args, machine):
    return [*describe_language(args, machine, 'Python', PYTHON_SUBJECTS, [args.python, args.python_program],
                               'this build has no typelib, or there is no PyGObject'),
            *describe_language(args, machine, 'JavaScript', GJS_SUBJECTS, [args.gjs, '-m', args.gjs_program],
                               'this build has no typelib, or there is no gjs')]


def warnings_before(machine):
    warnings = []
    if machine['buildtype'] not in ('release', 'debugoptimized', 'minsize'):
        warnings.append('this build is not optimised (%s)' % machine['buildtype'])
    if machine['load_before'] > 0.5 * machine['cpus']:
        warnings.append('the machine was busy before (load %.2f)' % machine['load_before'])
    if machine['cpus'] < 2:
        warnings.append('there is one CPU only; the goals are for two and more')
    return warnings


class Others:
    """How much of the machine somebody else has used meanwhile."""

    def __init__(self):
        self.busy, self.own = busy_seconds(), own_seconds()

    def seconds(self):
        if self.busy is None:
            return 0
        # The kernel counts the one in ticks and the other precisely.
        return max(0, busy_seconds() - self.busy - (own_seconds() - self.own))


# ---- The program ----

def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('subjects', nargs='*', metavar='SUBJECT', help='of: ' + ', '.join(ALL_SUBJECTS))
    parser.add_argument('--rounds', type=int, default=0, help='how many; 11, or 3 if it is to be quick')
    parser.add_argument('--quick', action='store_true', help='a tenth of the work; half, of Python\'s and JavaScript\'s')
    parser.add_argument('--strict', action='store_true', help='fail where a goal is missed')
    parser.add_argument('--program', required=True)
    parser.add_argument('--python', help='the interpreter that has PyGObject')
    parser.add_argument('--python-program')
    parser.add_argument('--gjs')
    parser.add_argument('--gjs-program')
    parser.add_argument('--output', required=True)
    for name in ('buildtype', 'compiler', 'glib', 'libuv', 'libdex'):
        parser.add_argument('--' + name, default='unknown')
    args = parser.parse_args()
    args.subjects = args.subjects or list(ALL_SUBJECTS)
    args.rounds = args.rounds or (3 if args.quick else 11)
    for subject in args.subjects:
        if subject not in ALL_SUBJECTS:
            parser.error('no such subject: ' + subject)
    return args


def measure(args, goals, rows, footnotes):
    for subject in args.subjects:
        lines = MEASURE.get(subject, measure_plain)(args, subject)
        found = {}
        for line in lines:
            summarize(line)
            found.setdefault((subject, line['row']), []).append(line)
        rows.update(found)
        for (_, row), members in found.items():
            judged = [judge(goal, found) for goal in GOALS if (goal.subject, goal.row) == (subject, row)]
            goals += judged
            print_row(subject, row, members, judged, footnotes)


def write_json(args, machine, rows, goals, warnings):
    document = {
        'machine': machine,
        'rounds': args.rounds,
        'quick': args.quick,
        'warnings': warnings,
        'rows': [line for members in rows.values() for line in members],
        'goals': goals,
    }
    with open(args.output, 'w', encoding='utf-8') as output:
        json.dump(document, output, indent=1)
        output.write('\n')


def main():
    args = parse_arguments()
    machine = describe_machine(args)
    warnings = warnings_before(machine) + describe_languages(args, machine)
    others = Others()
    rows, goals, footnotes = {}, [], []

    print('%(cpu)s, %(cpus)d CPUs, Linux %(kernel)s, GLib %(glib)s, %(compiler)s, %(buildtype)s' % machine)
    print('libuv %(libuv)s, libdex %(libdex)s' % machine)
    if 'python' in machine:
        print('Python %(python)s, PyGObject %(pygobject)s, Tornado %(tornado)s' % machine)
    if 'gjs' in machine:
        print('GJS %(gjs)s' % machine)
    print('Medians of %d rounds, in which the contestants take turns. "to ours" is the ratio of the medians '
          'to the\nfirst line, "paired" the median of the ratios within each round; "CPU ns" is the CPU time '
          'of the whole\nprocess for one task.' % args.rounds)

    try:
        measure(args, goals, rows, footnotes)
    except Failure as failure:
        print('\nFAILED: %s' % failure)
        return 1

    machine['cpu_seconds_of_others'] = round(others.seconds(), 1)
    if others.seconds() > 0.05 * own_seconds():
        warnings.append('others have used %.0f s of CPU meanwhile' % others.seconds())
    missed = print_summary(goals, footnotes, warnings)
    write_json(args, machine, rows, goals, warnings)
    return 1 if args.strict and missed else 0


if __name__ == '__main__':
    sys.exit(main())
