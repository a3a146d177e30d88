// SPDX-License-Identifier: LGPL-2.1-or-later

// Which realm runs what, and when: the queue, cancelling, shared realms, and how a pool ends.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, match, ok, rejects, run as runTests, sleep, test, throws, until} from './tap.js';
import {begin, CANCELLED, countFds, countThreads, isAlive, Mark, run, withPool} from './realms.js';

const {RealmPool} = imports.overrides.threadloop.realmPool;

const getPid = () => imports.gi.Gio.Credentials.new().get_unix_pid();

// Runs in a realm: says that it has come, and stays until it is asked to go.
const stayAsked = async function (path) {
    imports.gi.GLib.file_set_contents(path, 'here');
    await new Promise(resolve => this.signal.addEventListener('abort', resolve));
    this.signal.throwIfAborted();
};

// The same, and stays until it may go; `here` and `go` are the paths of marks.
const stayUntil = function (here, go) {
    const {GLib: G} = imports.gi;

    G.file_set_contents(here, 'here');
    while (!G.file_test(go, G.FileTest.EXISTS))
        G.usleep(1000);
    return this.signal.aborted;
};

const stayDeaf = path => {
    imports.gi.GLib.file_set_contents(path, 'here');
    for (;;)
        ;
};

// ---- The queue ----

test('calls are taken in their order', () => withPool({maxRealms: 1}, async pool => {
    const order = [];
    const calls = Array.from({length: 100}, (_, i) => begin(pool, n => n, i));

    equal(pool.nQueued, 100);
    await Promise.all(calls.map(async ({outcome}) => order.push(await outcome)));
    deepEqual(order, calls.map((_, i) => i));
    equal(pool.nQueued + pool.nRunning, 0);
    ok(calls.every(({running, outcomes}) => running === 1 && outcomes === 1));
}));

test('as many realms as there is work for, and no more', () => withPool({maxRealms: 3}, async pool => {
    deepEqual(pool.pids, []);
    for (let i = 0; i < 20; i++)
        await run(pool, () => 1);
    equal(pool.pids.length, 1);

    const marks = [new Mark(), new Mark(), new Mark()];
    const calls = marks.map(({path}) => begin(pool, stayAsked, path));

    await Promise.all(marks.map(mark => mark.wait()));
    equal(pool.pids.length, 3);

    // One that is free takes what is queued.
    const queued = begin(pool, getPid);

    equal(pool.nQueued, 1);
    equal(pool.nRunning, 3);
    ok(!queued.call.running);
    calls[1].call.cancel();
    ok(pool.pids.includes(await queued.outcome));
    equal(queued.running, 1);
    equal(pool.pids.length, 3);
    marks.forEach(mark => mark.clear());
}));

test('a call that a free realm takes runs at once, and says nothing of it inside of call()',
    () => withPool({maxRealms: 1}, async pool => {
        await run(pool, () => 1);

        const one = begin(pool, () => 1);

        ok(one.call.running);
        equal(one.outcomes, 0);
        await one.outcome;
        equal(one.running, 0);
        ok(!one.call.running);
        equal(one.call.cancel(), 'settled');
    }));

test('maxRealms can be changed', () => withPool({maxRealms: 1}, async pool => {
    const mark = new Mark();
    const sleepers = Array.from({length: 4}, () => begin(pool, path => {
        const {GLib: G} = imports.gi;

        while (!G.file_test(path, G.FileTest.EXISTS))
            G.usleep(1000);
    }, mark.path));

    await until(() => pool.nRunning === 1);
    pool.maxRealms = 3;
    await until(() => pool.nRunning === 3);
    GLib.file_set_contents(mark.path, '');
    await Promise.all(sleepers.map(({outcome}) => outcome));
    mark.clear();
    ok(pool.pids.length > 1);
    pool.maxRealms = 1;
    await until(() => pool.pids.length === 1);
    equal(await run(pool, () => 1), 1);
}));

test('realms that are not used end', () => withPool({maxRealms: 2, idleTimeout: 50}, async pool => {
    const first = await run(pool, getPid);

    await until(() => pool.pids.length === 0);
    await until(() => !isAlive(first));
    ok(await run(pool, getPid) !== first);
}));

// ---- Cancelling ----

test('a queued call is removed and never runs', () => withPool({maxRealms: 1}, async pool => {
    const marks = [new Mark(), new Mark()];
    const running = begin(pool, stayAsked, marks[0].path);
    const queued = begin(pool, stayAsked, marks[1].path);

    await marks[0].wait();
    equal(queued.call.cancel(), 'queued');
    equal(queued.outcomes, 0);
    equal(await queued.outcome, CANCELLED);
    equal(queued.running, 0);
    equal(queued.call.cancel(), 'settled');
    equal(running.call.cancel(), 'asked');
    equal(await running.outcome, CANCELLED);
    await run(pool, () => 1);
    ok(!marks[1].there);
    marks[0].clear();
}));

test('a realm whose call has listened stays', () => withPool({maxRealms: 1, grace: 10000}, async pool => {
    const mark = new Mark();
    const pid = await run(pool, getPid);
    const call = begin(pool, stayAsked, mark.path);

    await mark.wait();
    call.call.cancel();
    equal(await call.outcome, CANCELLED);

    // In a busy loop, which never comes back to its main loop.
    mark.clear();

    const busyMark = new Mark();
    const busy = begin(pool, function (path) {
        let n = 0;

        imports.gi.GLib.file_set_contents(path, 'here');
        while (!this.signal.aborted)
            n++;
        return `stopped after ${n}`;
    }, busyMark.path);

    await busyMark.wait();
    equal(busy.call.cancel(), 'asked');
    equal(busy.call.cancel(), 'asked');
    // It had something to say all the same.
    match(await busy.outcome, /^stopped after/);
    equal(await run(pool, getPid), pid);
    busyMark.clear();
}));

test('what GIO does is cancelled, too', () => withPool({maxRealms: 1, grace: 10000}, async pool => {
    const mark = new Mark();
    const call = begin(pool, async function (path) {
        const {Gio, GLib: G} = imports.gi;
        const listener = new Gio.SocketListener();

        listener.add_any_inet_port(null);
        await new Promise((resolve, reject) => {
            listener.accept_async(this.cancellable, (_, result) => {
                try {
                    resolve(listener.accept_finish(result));
                } catch (error) {
                    reject(error);
                }
            });
            G.file_set_contents(path, 'here');
        });
    }, mark.path);

    await mark.wait();
    call.call.cancel();
    equal(await call.outcome, CANCELLED);
    mark.clear();
}));

test('onabort, addEventListener and removeEventListener', () => withPool({maxRealms: 1, grace: 10000}, async pool => {
    const mark = new Mark();
    const call = begin(pool, async function (path) {
        const {signal} = this;
        const heard = [];
        const removed = () => heard.push('removed');

        signal.onabort = ({type}) => heard.push(`on${type}`);
        signal.addEventListener('abort', removed);
        signal.addEventListener('abort', {handleEvent: ({target}) => heard.push(target === signal)});
        signal.removeEventListener('abort', removed);
        imports.gi.GLib.file_set_contents(path, 'here');
        await new Promise(resolve => signal.addEventListener('abort', resolve));
        return [...heard, signal.reason.name];
    }, mark.path);

    await mark.wait();
    call.call.cancel();
    deepEqual(await call.outcome, ['onabort', true, 'AbortError']);
    mark.clear();
}));

test('a realm whose call does not listen is killed', () => withPool({maxRealms: 1, grace: 100}, async pool => {
    const mark = new Mark();
    const pid = await run(pool, getPid);
    const deaf = begin(pool, stayDeaf, mark.path);
    const next = begin(pool, getPid);

    await mark.wait();
    equal(deaf.call.cancel(), 'asked');
    equal(await deaf.outcome, CANCELLED);
    ok(await next.outcome !== pid);
    await until(() => !isAlive(pid));
    mark.clear();
}));

// ---- One realm for all ----

test('a shared realm keeps its state, and starts calls in their order', () => withPool({shared: true}, async pool => {
    const first = await run(pool, () => {
        globalThis.log = [];
        return imports.gi.Gio.Credentials.new().get_unix_pid();
    });
    const calls = [
        begin(pool, async () => {
            globalThis.log.push('a begins');
            await new Promise(resolve => (globalThis.release = resolve));
            globalThis.log.push('a ends');
        }),
        // It has to be loaded, which the next one waits for.
        begin(pool, async () => {
            globalThis.log.push('b');
            return (await import('gi://GLib')).default.path_get_basename('/x/b');
        }),
        begin(pool, () => globalThis.log.push('c')),
        begin(pool, () => globalThis.release()),
    ];

    equal(pool.nRunning, 4);
    equal(await calls[1].outcome, 'b');
    await Promise.all(calls.map(({outcome}) => outcome));
    deepEqual(await run(pool, () => globalThis.log), ['a begins', 'b', 'c', 'a ends']);
    deepEqual(pool.pids, [first]);
}));

test('a shared realm is asked, not killed', () => withPool({shared: true, grace: 50}, async pool => {
    await run(pool, () => (globalThis.kept = 'kept'));

    const [mark, gate] = [new Mark(), new Mark()];
    const slow = begin(pool, stayUntil, mark.path, gate.path);

    await mark.wait();

    const never = begin(pool, () => (globalThis.kept = 'lost'));

    equal(never.call.cancel(), 'asked');
    equal(slow.call.cancel(), 'asked');
    // For longer than the grace of one that is not shared.
    await sleep(150);
    gate.set();
    await slow.outcome;
    equal(await never.outcome, CANCELLED);
    equal(await run(pool, () => globalThis.kept), 'kept');
    mark.clear();
    gate.clear();
}));

test('a call is cancelled while its function, or one before it, is being loaded', async () => {
    for (const options of [{shared: true}, {maxRealms: 1, grace: 20000}]) {
        const [here, go, ran] = [new Mark(), new Mark(), new Mark()];
        const [file, stream] = Gio.File.new_tmp('module-XXXXXX.js');

        stream.output_stream.write_all(new TextEncoder().encode(`
            const {GLib} = imports.gi;
            GLib.file_set_contents(${JSON.stringify(here.path)}, 'here');
            await new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
                if (!GLib.file_test(${JSON.stringify(go.path)}, GLib.FileTest.EXISTS))
                    return GLib.SOURCE_CONTINUE;
                resolve();
                return GLib.SOURCE_REMOVE;
            }));
            export const run = path => GLib.file_set_contents(path, 'ran');
        `), null);
        stream.close(null);

        await withPool(options, async pool => {
            const calls = Array.from({length: 3}, () =>
                begin(pool, {module: file.get_uri(), name: 'run'}, ran.path));

            await here.wait();
            calls.forEach(({call}) => call.cancel());
            GLib.file_set_contents(go.path, 'go');
            for (const {outcome} of calls)
                equal(await outcome, CANCELLED);
            equal(await run(pool, () => 1), 1);
            ok(!ran.there);
        });
        file.delete(null);
        [here, go, ran].forEach(mark => mark.clear());
    }
});

// ---- Its end ----

test('shutdown lets finish what was accepted', async () => {
    const pool = new RealmPool({name: 'the drained', maxRealms: 2});
    const calls = Array.from({length: 20}, (_, i) => begin(pool, async n => n, i));
    const closed = pool.shutdown();

    throws(() => pool.call({fn: () => 1, args: []}, {}), error => error.matches(Tl.Error, Tl.Error.SHUT_DOWN));
    await rejects(pool.describe('file:///x.js'), /the drained was shut down/);
    deepEqual(await Promise.all(calls.map(({outcome}) => outcome)), calls.map((_, i) => i));

    const {pids} = pool;

    await closed;
    deepEqual(pool.pids, []);
    ok(!pids.some(isAlive));
    await pool.shutdown('cancel-all');
});

test('shutdown can cancel what is queued', async () => {
    const pool = new RealmPool({maxRealms: 1});
    const [mark, gate] = [new Mark(), new Mark()];
    const running = begin(pool, stayUntil, mark.path, gate.path);
    const queued = begin(pool, () => 1);

    await mark.wait();

    const closed = pool.shutdown('cancel-queued');

    gate.set();
    await closed;
    equal(await running.outcome, false);
    equal(await queued.outcome, CANCELLED);
    mark.clear();
    gate.clear();
});

test('shutdown can cancel everything, also while the first realm is being made', async () => {
    const pool = new RealmPool({maxRealms: 1, grace: 50});
    const mark = new Mark();
    const calls = [begin(pool, stayDeaf, mark.path), begin(pool, () => 1)];

    await mark.wait();
    await pool.shutdown('cancel-all');
    deepEqual(await Promise.all(calls.map(({outcome}) => outcome)), [CANCELLED, CANCELLED]);
    mark.clear();

    const early = new RealmPool({maxRealms: 1});
    const call = begin(early, () => 1);

    await early.shutdown('cancel-all');
    equal(await call.outcome, CANCELLED);
    await new RealmPool().shutdown();
});

test('shutdown does not wait for ever for a realm that does not end', async () => {
    const pool = new RealmPool({maxRealms: 1, grace: 100});

    await run(pool, () => imports.gi.GLib.idle_add(0, () => {
        for (;;)
            ;
    }));
    await pool.shutdown();
    deepEqual(pool.pids, []);
});

async function useAndDrop(marks) {
    const pool = new RealmPool({maxRealms: 1, idleTimeout: -1});
    const pid = await run(pool, getPid);

    marks.push(...[new Mark(), new Mark()]);
    for (const {path} of marks) {
        pool.call({
            fn: text => {
                imports.gi.GLib.usleep(50000);
                imports.gi.GLib.file_set_contents(text, 'ran');
            },
            args: [path],
        }, {});
    }
    return pid;
}

test('a pool that nobody holds runs what it has accepted, and ends', async () => {
    const marks = [];
    const pid = await useAndDrop(marks);

    await until(() => {
        System.gc();
        return !isAlive(pid);
    }, 'a realm that nobody can use any more to end');
    ok(marks.every(({there}) => there));
    marks.forEach(mark => mark.clear());
});

// ---- Without a main loop ----

test('pump() does all that without a main context', () => {
    const pool = new RealmPool({maxRealms: 2, grace: 50});
    const heard = [];
    let iterated = false;
    const idle = GLib.idle_add(GLib.PRIORITY_HIGH, () => {
        iterated = true;
        return GLib.SOURCE_CONTINUE;
    });
    const listen = name => ({
        resolve: value => heard.push([name, value]),
        reject: error => heard.push([name, error.message]),
        cancelled: () => heard.push([name, CANCELLED]),
    });
    const pumpUntil = n => {
        const end = GLib.get_monotonic_time() + 60e6;

        while (heard.length < n && GLib.get_monotonic_time() < end)
            pool.pump(1000);
        equal(heard.length, n);
    };

    equal(pool.pump(0), false);
    pool.call({fn: a => a + 1, args: [1]}, listen('sync'));
    pool.call({fn: async a => a + 1, args: [2]}, listen('async'));
    pumpUntil(2);
    deepEqual(heard.splice(0).sort(), [['async', 3], ['sync', 2]]);

    pool.call({fn: () => imports.system.exit(3), args: []}, listen('exit'));
    pumpUntil(1);
    match(heard.splice(0)[0][1], /exit status 3/);

    const mark = new Mark();
    const deaf = pool.call({fn: stayDeaf, args: [mark.path]}, listen('deaf'));

    while (!mark.there)
        pool.pump(20);
    deaf.cancel();
    pumpUntil(1);
    deepEqual(heard.splice(0), [['deaf', CANCELLED]]);
    mark.clear();

    const begun = GLib.get_monotonic_time();

    while (pool.pump(20))
        ;
    ok(GLib.get_monotonic_time() - begun >= 20000);
    ok(!iterated);
    GLib.source_remove(idle);
    return pool.shutdown();
});

test('a thousand pools leave nothing behind', async () => {
    const use = async i => {
        const pool = new RealmPool({maxRealms: 1});

        if (i % 10 === 0)
            equal(await run(pool, n => n, i), i);
        else if (i % 10 === 1)
            run(pool, () => 1);
        const {pids} = pool;

        await pool.shutdown(i % 2 === 0 ? 'drain' : 'cancel-all');
        return pids;
    };
    const pids = [];

    await use(0);
    System.gc();

    const [fds, threads] = [countFds(), countThreads()];

    for (let i = 0; i < 1000; i++)
        pids.push(...await use(i));
    ok(pids.length >= 200);
    await until(() => !pids.some(isAlive));
    // GLib closes some of its own in a thread of its own.
    await until(() => countFds() <= fds && countThreads() <= threads);
}, {seconds: 240});

runTests();
