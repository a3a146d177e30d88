// SPDX-License-Identifier: LGPL-2.1-or-later

// Rounds in which one contestant after the other has its turn, as in bench.c;
// what the numbers come to is worked out by report.py.
//
// A row is {name, unit, tasks, contestants}, and of these each is {name, open,
// run}. open() makes what run() is given, for each round anew, so that there is
// nobody else while it runs: an object with a method close(). run(handle, tasks)
// gives the number that the row is about; undefined is for the wall time of a
// task, in nanoseconds.
//
// A row may have `pinned` (all on one CPU) and `cold` (only the first call
// counts), a contestant a `note`.

import BenchPeer from 'gi://BenchPeer?version=1';
import System from 'system';

// How long it takes at least: the system has to find out which threads had
// better not share a CPU, and the engine what to compile.
const WARM_UP = 50e6;

function parseArguments(subjects) {
    const args = {rounds: 11, quick: false, list: false, only: null, row: null, tasks: null};
    for (const arg of System.programArgs) {
        const [, name, value] = /^--(\w+)(?:=(.*))?$/.exec(arg) ?? [];
        if (name === undefined)
            args.subject = arg;
        else if (typeof args[name] === 'boolean')
            args[name] = true;
        else if (name in args && value !== undefined)
            args[name] = name === 'rounds' || name === 'tasks' ? Number(value) : value;
        else
            throw new Error(`no such option: ${arg}`);
    }
    if (!(args.subject in subjects))
        throw new Error(`no such subject: ${args.subject}; there are: ${Object.keys(subjects).join(', ')}`);
    return args;
}

async function warmUp(contestant, handle, tasks) {
    const since = BenchPeer.now();
    do
        await contestant.run(handle, Math.max(Math.trunc(tasks / 10), 1));
    while (BenchPeer.now() - since < WARM_UP);
}

async function measure(row, contestant, tasks, line) {
    let value, wall, cpu;
    BenchPeer.pin(row.pinned === true);
    try {
        const handle = await contestant.open();
        try {
            if (!row.cold)
                await warmUp(contestant, handle, tasks);
            // The collector stays on, as everybody has it; nobody pays for what
            // another one has left.
            System.gc();
            cpu = BenchPeer.cpu_time();
            wall = BenchPeer.now();
            value = await contestant.run(handle, tasks);
            wall = BenchPeer.now() - wall;
            cpu = BenchPeer.cpu_time() - cpu;
        } finally {
            await handle.close();
        }
    } finally {
        BenchPeer.pin(false);
    }
    line.values.push(value ?? wall / tasks);
    line.cpu.push(cpu / tasks);
}

async function runRow(args, row) {
    const tasks = args.tasks ?? (args.quick ? Math.max(Math.trunc(row.tasks / 2), 1) : row.tasks);
    const pairs = [];
    for (const contestant of row.contestants) {
        if (args.only !== null && args.only !== contestant.name)
            continue;
        const line = {subject: args.subject, row: row.name, unit: row.unit, contestant: contestant.name, tasks,
            values: [], cpu: []};
        if (contestant.note !== undefined)
            line.note = contestant.note;
        pairs.push([contestant, line]);
    }

    for (let i = 0; i < (args.list ? 0 : args.rounds); i++) {
        printerr(`bench: ${args.subject}: ${row.name}: round ${i + 1} of ${args.rounds}`);
        // Another one begins each time.
        for (let j = 0; j < pairs.length; j++) {
            const [contestant, line] = pairs[(i + j) % pairs.length];
            await measure(row, contestant, tasks, line);
        }
    }
    for (const [, line] of pairs)
        print(JSON.stringify(line));
}

export async function runProgram(subjects) {
    const args = parseArguments(subjects);
    for (const row of subjects[args.subject]) {
        if (args.row === null || args.row === row.name)
            await runRow(args, row);
    }
}

// ---- What contestants do ----

export function check(total, tasks) {
    if (total !== tasks * (tasks - 1) / 2)
        throw new Error('bench: wrong results');
}

/** One at a time: the median. */
export async function trips({call}, tasks) {
    const times = [];
    for (let i = 0; i < tasks; i++) {
        const since = BenchPeer.now();
        if (await call(i) !== i)
            throw new Error('bench: wrong results');
        times.push(BenchPeer.now() - since);
    }
    return times.sort((a, b) => a - b)[tasks >> 1];
}

/** Several on their way at once. */
export async function gather({call, many = 500}, tasks) {
    let total = 0;
    for (let begun = 0; begun < tasks; begun += many) {
        const promises = [];
        for (let i = begun; i < Math.min(begun + many, tasks); i++)
            promises.push(call(i));
        for (const result of await Promise.all(promises))
            total += result;
    }
    check(total, tasks);
}
