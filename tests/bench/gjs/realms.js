// SPDX-License-Identifier: LGPL-2.1-or-later

// A function in JavaScript in another process, and its result back.

import BenchPeer from 'gi://BenchPeer?version=1';
import Tl from 'gi://Tl?version=1';

import {JsonPipe} from './json-pipe.js';
import {check, gather, trips} from './rounds.js';
import {give, spin} from './work.js';

const PEER = 'JSON lines to a gjs child';

// What a task of the scaling rows takes, in nanoseconds.
const TASK = 10e6;

async function openRealm(call) {
    const executor = new Tl.Executor({name: 'bench', maxWorkers: 1});
    await executor.submit(give, 0);
    return {
        call: i => call(executor, i),
        close: () => executor.shutdown(),
    };
}

async function openEventThread(call) {
    const thread = new Tl.EventThread({name: 'bench'});
    thread.start();
    await thread.submit(give, 0);
    return {
        call: i => call(thread, i),
        close: () => thread.stop(),
    };
}

async function openPipe(call) {
    const pipe = new JsonPipe();
    await pipe.call('give', 0);
    return {
        call: i => call(pipe, i),
        close: () => pipe.close(),
    };
}

// ---- Messages ----

const record = {
    name: 'a record', size: 4096, modified: '2024-02-29T12:00:00Z', tags: ['one', 'two', 'three'],
    lines: Array.from({length: 16}, (_, i) => `This is line ${i} of some text that is a little longer.`),
};

// So many fit into a pipe. With more, who writes to a child without reading
// meanwhile waits for ever, as the child does.
const RECORDS = 40;

async function sendRecord(result) {
    const {n, lines} = await result;
    if (lines.length !== record.lines.length)
        throw new Error('bench: wrong results');
    return n;
}

function contestants(run) {
    return [
        {name: 'a realm', open: () => openRealm((executor, i) => executor.submit(give, i)), run},
        {name: PEER, open: () => openPipe((pipe, i) => pipe.call('give', i)), run},
        {name: 'the realm of an event thread', open: () => openEventThread((thread, i) => thread.submit(give, i)), run},
    ];
}

const gatherRecords = (handle, tasks) => gather({...handle, many: RECORDS}, tasks);

// ---- From nothing to the first reply ----

async function openNothing() {
    return {close: () => {}};
}

async function firstReplies(open, tasks) {
    for (let i = 0; i < tasks; i++) {
        const handle = await open();
        await handle.close();
    }
}

// ---- Work that takes a while ----

let turns;

/** How many turns take that long here. */
function calibrate() {
    const trial = 1e6;
    let fastest = Infinity;
    for (let i = 0; i < 10; i++) {
        const since = BenchPeer.now();
        spin(trial, i);
        fastest = Math.min(fastest, BenchPeer.now() - since);
    }
    return Math.max(Math.round(trial * TASK / fastest), 1);
}

async function openWorkers(realms) {
    turns ??= calibrate();
    const executor = new Tl.Executor({name: 'bench', maxWorkers: realms});
    // All of them are there.
    await Promise.all(Array.from({length: realms}, () => executor.submit(spin, turns, 0)));
    return {
        call: i => executor.submit(spin, turns, i),
        close: () => executor.shutdown(),
    };
}

async function openLoop() {
    turns ??= calibrate();
    return {close: () => {}};
}

async function workHere(_, tasks) {
    let total = 0;
    for (let i = 0; i < tasks; i++)
        total += spin(turns, i);
    check(total, tasks);
}

export const REALMS = {
    'gjs-realms': [
        {name: 'one at a time, p50', unit: 'ns', tasks: 2000, contestants: contestants(trips)},
        {name: 'one at a time, p50, all on one CPU', unit: 'ns', tasks: 2000, contestants: contestants(trips),
            pinned: true},
        {name: 'pipelined', unit: 'ns a message', tasks: 5000, contestants: contestants(gather)},
        {name: 'a record of a kilobyte, pipelined', unit: 'ns a message', tasks: 2000,
            contestants: [
                {name: 'a realm', run: gatherRecords, open: () => openRealm(
                    (executor, n) => sendRecord(executor.submit(give, {...record, n})))},
                {name: PEER, run: gatherRecords, open: () => openPipe(
                    (pipe, n) => sendRecord(pipe.call('give', {...record, n})))},
            ]},
        {name: 'from nothing to the first reply, and the end', unit: 'ns', tasks: 4, cold: true, contestants: [
            {name: 'a realm', open: openNothing, run: (_, tasks) => firstReplies(
                () => openRealm((executor, i) => executor.submit(give, i)), tasks)},
            {name: PEER, open: openNothing, run: (_, tasks) => firstReplies(
                () => openPipe((pipe, i) => pipe.call('give', i)), tasks)},
        ]},
    ],
    'gjs-scaling': [
        {name: 'tasks of 10 ms', unit: 'ns a task', tasks: 100, contestants: [
            {name: '2 realms', open: () => openWorkers(2), run: gather},
            {name: '1 realm', open: () => openWorkers(1), run: gather},
            {name: 'a loop, in no other process', open: openLoop, run: workHere},
        ]},
    ],
};
