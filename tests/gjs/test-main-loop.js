// SPDX-License-Identifier: LGPL-2.1-or-later

// What becomes of the main loop while there is much to do: it goes on, and nothing of it dies on another thread.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';
import Tl from 'gi://Tl?version=1';

import {equal, ok, run, test} from './tap.js';

const SCALE = Number(GLib.getenv('TL_TEST_SCALE') ?? 0.1);
const SLOW = Number(GLib.getenv('TL_TEST_SLOW') ?? 1);

const CLOSURES = 200;
const FILES = 200;
const TICK = 1000 / 60;
const LATE = 5;
const AT_A_TIME = 8;
const ROUNDS = 5;

// A closure that is released on another thread aborts GJS, sooner or later. A minute with TL_TEST_SCALE=1.
test(`${CLOSURES} closures a turn, of futures that workers settle`, async () => {
    const executor = new Tl.Executor({name: 'closures', maxWorkers: 2});
    const end = GLib.get_monotonic_time() + 60e6 * SCALE;
    let called = 0;
    let made = 0;

    while (GLib.get_monotonic_time() < end) {
        const futures = [];
        for (let i = 0; i < CLOSURES; i++) {
            const data = {i};
            const future = executor.submit(GLib.path_get_basename, `/${i}`);
            future.add_done_callback(() => {
                called += data.i >= 0;
            });
            futures.push(future.then(name => equal(name, `${data.i}`)));
        }
        made += CLOSURES;
        await Promise.all(futures);
    }
    await executor.shutdown();
    equal(called, made);
}, {seconds: 60 + 60 * SCALE});

// Big ones, so that reading and summing up takes its time, but none that takes long to free.
function findFiles() {
    const found = [];
    const dirs = ['/usr/lib', '/usr/share', '/usr/bin'].map(path => Gio.File.new_for_path(path));

    while (dirs.length && found.length < FILES) {
        const enumerator = dirs.shift().enumerate_children('standard::name,standard::type,standard::size',
            Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, null);
        for (let info; (info = enumerator.next_file(null));) {
            const file = enumerator.get_child(info);
            if (info.get_file_type() === Gio.FileType.DIRECTORY)
                dirs.push(file);
            else if (info.get_file_type() === Gio.FileType.REGULAR && info.get_size() > 2e5 && info.get_size() < 2e6)
                found.push(file);
        }
    }
    return found.slice(0, FILES);
}

function checksumHere(file) {
    const [bytes] = file.load_bytes(null);
    return GLib.compute_checksum_for_bytes(GLib.ChecksumType.SHA256, bytes);
}

async function checksumThere(executor, file) {
    const [bytes] = await executor.call(file, 'load_bytes', null);
    return executor.submit(GLib.compute_checksum_for_bytes, GLib.ChecksumType.SHA256, bytes);
}

// Of the thread of the main loop, in milliseconds: how long it ran, and how long it waited for a processor, which is the
// machine's doing.
function processorTimes() {
    const [, text] = GLib.file_get_contents('/proc/thread-self/schedstat');
    return new TextDecoder().decode(text).split(' ').map(nanoseconds => Number(nanoseconds) / 1e6);
}

// What the worst turn of the main loop was that lay between two ticks: for how long it ran, and how late the tick came.
async function watchTicks(job) {
    let last = GLib.get_monotonic_time() / 1000;
    let [ran] = processorTimes();
    let [busy, late] = [0, 0];

    function tick() {
        const now = GLib.get_monotonic_time() / 1000;
        const [running] = processorTimes();

        late = Math.max(late, now - last - TICK);
        busy = Math.max(busy, running - ran);
        last = now;
        ran = running;
        return GLib.SOURCE_CONTINUE;
    }

    const id = GLib.timeout_add(GLib.PRIORITY_DEFAULT, TICK, tick);
    await job();
    tick();
    GLib.source_remove(id);
    return {busy, late};
}

test(`the checksums of ${FILES} files hold up no tick of 60 Hz`, async () => {
    const executor = new Tl.Executor({name: 'checksum', maxWorkers: 2});
    const files = findFiles();
    let here;
    let there;

    for (const file of files.slice(0, 20))
        await checksumThere(executor, file);
    const direct = await watchTicks(() => {
        here = files.map(checksumHere);
    });
    // The collector of JavaScript may come in between, which holds up for longer than all the rest.
    let best = null;
    for (let round = 0; round < ROUNDS && !(best?.busy < LATE); round++) {
        System.gc();
        const called = await watchTicks(async () => {
            const todo = files.entries();

            there = [];
            await Promise.all(Array.from({length: AT_A_TIME}, async () => {
                for (const [i, file] of todo)
                    there[i] = await checksumThere(executor, file);
            }));
        });
        equal(there.join(), here.join());
        if (!best || called.busy < best.busy)
            best = called;
    }

    await executor.shutdown();
    for (const [what, {busy, late}] of Object.entries({'direct calls': direct, 'native calls': best})) {
        print(`# ${files.length} files, ${what}: between two ticks the main loop ran for ${busy.toFixed(1)} ms at most; ` +
            `the latest tick was ${late.toFixed(1)} ms late`);
    }
    ok(best.busy < LATE * SLOW, `the main loop was held up for ${best.busy} ms`);
    ok(direct.busy > best.busy, 'the files were too small to see anything');
});

run();
