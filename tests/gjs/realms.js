// SPDX-License-Identifier: LGPL-2.1-or-later

// What the tests of realms share.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {until} from './tap.js';

const {RealmPool} = imports.overrides.threadloop.realmPool;

export const CANCELLED = 'cancelled';

/**
 * Begins a call, and keeps what its listener hears: `outcome` is a promise of the result, of CANCELLED, or is rejected.
 */
export function begin(pool, spec, ...args) {
    const heard = {running: 0, progress: [], values: [], outcomes: 0};
    const listener = {
        running: () => heard.running++,
        progress: (...progress) => heard.progress.push(progress),
        value: value => heard.values.push(value),
    };

    heard.outcome = new Promise((resolve, reject) => {
        const settle = how => value => {
            heard.outcomes++;
            how(value);
        };

        listener.resolve = settle(resolve);
        listener.reject = settle(reject);
        listener.cancelled = () => settle(resolve)(CANCELLED);
    });
    heard.outcome.catch(() => {});
    heard.call = pool.call(typeof spec === 'function' ? {fn: spec, args} : {...spec, args}, listener);

    return heard;
}

export function run(pool, spec, ...args) {
    return begin(pool, spec, ...args).outcome;
}

/** Runs a function with a pool, and closes that. */
export async function withPool(options, fn) {
    const pool = new RealmPool({name: 'the test', ...options});

    try {
        return await fn(pool);
    } finally {
        await pool.shutdown('cancel-all');
    }
}

function countEntries(path) {
    const children = Gio.File.new_for_path(path).enumerate_children('standard::name', 0, null);
    let n = 0;

    while (children.next_file(null) !== null)
        n++;
    children.close(null);
    return n;
}

export function countFds() {
    return countEntries('/proc/self/fd');
}

/** By the system's own count: a list that is read while threads end leaves out some that go on. */
export function countThreads() {
    const [, status] = GLib.file_get_contents('/proc/self/status');

    return Number(/^Threads:\s*(\d+)$/m.exec(new TextDecoder().decode(status))[1]);
}

/** Whether a process is there, and no zombie of which nothing runs any more. */
export function isAlive(pid) {
    try {
        const [, stat] = GLib.file_get_contents(`/proc/${pid}/stat`);

        return !/\) [ZX] /.test(new TextDecoder().decode(stat)) || countEntries(`/proc/${pid}/task`) > 1;
    } catch {
        return false;
    }
}

export function kill(pid, signal = 'KILL') {
    GLib.spawn_command_line_sync(`sh -c "kill -${signal} ${pid}"`);
}

/** Runs in a realm: stays until a mark is set. */
export function stayUntil(path) {
    const {GLib: G} = imports.gi;

    while (!G.file_test(path, G.FileTest.EXISTS))
        G.usleep(1000);
    return 'stayed';
}

const isAt = (future, fraction) => future.progress.get_fraction() === fraction;

/** Waits for a function that has said `this.progress(fraction)`. It keeps nothing of the future, which may be collected. */
export function hasSaid(future, fraction) {
    return until(isAt, `a function that has said ${fraction}`, future, fraction);
}

/** Waits for a function that has said `this.progress(0)`: that a future runs says that it was sent. */
export function hasBegun(future) {
    return hasSaid(future, 0);
}

/** A place where realms say that they have come, or are told that they may go: a file. */
export class Mark {
    path = GLib.build_filenamev([GLib.dir_make_tmp('realms-XXXXXX'), 'mark']);

    get there() {
        return GLib.file_test(this.path, GLib.FileTest.EXISTS);
    }

    /** What was written there. */
    get text() {
        return new TextDecoder().decode(GLib.file_get_contents(this.path)[1]);
    }

    wait() {
        return until(() => this.there, 'a realm that says that it has come');
    }

    /** For what polls until it is there, in a realm. */
    set() {
        GLib.file_set_contents(this.path, 'here');
    }

    clear() {
        GLib.unlink(this.path);
        GLib.rmdir(GLib.path_get_dirname(this.path));
    }
}
