// SPDX-License-Identifier: LGPL-2.1-or-later

// A function in C on another thread, and its result back in JavaScript. The
// function does nothing, so that all of it is the way there and back.

import BenchPeer from 'gi://BenchPeer?version=1';
import Gio from 'gi://Gio?version=2.0';
import Tl from 'gi://Tl?version=1';

import {gather, trips} from './rounds.js';

Gio._promisify(BenchPeer.Helper.prototype, 'work_async');

const THREADS = 2;
const {work} = BenchPeer.Helper.prototype;

async function openExecutor(options) {
    const executor = new Tl.Executor({name: 'bench', maxWorkers: THREADS, ...options});
    const helper = new BenchPeer.Helper();
    return {
        call: i => executor.submit(work, helper, i),
        close: () => executor.shutdown(),
    };
}

async function openByName() {
    const executor = new Tl.Executor({name: 'bench', maxWorkers: THREADS});
    const helper = new BenchPeer.Helper();
    return {
        call: i => executor.call(helper, 'work', i),
        close: () => executor.shutdown(),
    };
}

async function openEventThread() {
    const thread = new Tl.EventThread({name: 'bench'});
    const helper = new BenchPeer.Helper();
    thread.start();
    return {
        call: i => thread.submit(work, helper, i),
        close: () => thread.stop(),
    };
}

async function openTask() {
    const helper = new BenchPeer.Helper();
    return {
        call: i => helper.work_async(i, null),
        close: () => {},
    };
}

async function openSource() {
    const helper = new BenchPeer.Helper();
    const pending = new Map();
    let last = 0;
    helper.connect_ready(THREADS, (id, result) => {
        const resolve = pending.get(id);
        pending.delete(id);
        resolve(result);
    });
    return {
        call: i => new Promise(resolve => {
            pending.set(++last, resolve);
            helper.push(last, i);
        }),
        close: () => helper.close(),
    };
}

function contestants(run) {
    return [
        {name: 'Tl.Executor', open: openExecutor, run},
        {name: 'GTask in a C helper, promisified', open: openTask, run},
        {name: 'one source in a C helper, a promise', open: openSource, run},
        {name: 'Tl.Executor, no spinning', open: () => openExecutor({spinTime: 0}), run},
        {name: 'Tl.Executor, by name', open: openByName, run},
        {name: 'Tl.EventThread', open: openEventThread, run},
    ];
}

export const CALLS = {
    'gjs-calls': [
        {name: 'one at a time, p50', unit: 'ns', tasks: 2000, contestants: contestants(trips)},
        {name: 'one at a time, p50, all on one CPU', unit: 'ns', tasks: 2000, contestants: contestants(trips),
            pinned: true},
        {name: 'gathered', unit: 'ns a call', tasks: 4000, contestants: contestants(gather)},
    ],
};
