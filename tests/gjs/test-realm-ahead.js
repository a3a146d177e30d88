// SPDX-License-Identifier: LGPL-2.1-or-later

// Calls that are sent to a realm ahead of their turn, and those of them that come back.

import GLib from 'gi://GLib';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, match, ok, run as runTests, skip, test, until} from './tap.js';
import {begin, CANCELLED, isAlive, kill, Mark, run, withPool} from './realms.js';

const getPid = () => imports.gi.Gio.Credentials.new().get_unix_pid();

// Runs in a realm, which can be killed at any place: who has begun, each in a line.
const note = function (path, id, microseconds) {
    const {Gio, GLib: G} = imports.gi;
    const stream = Gio.File.new_for_path(path).append_to(0, null);

    stream.write_all(`${id}\n`, null);
    stream.close(null);
    if (microseconds > 0)
        G.usleep(microseconds);
    return id;
};

// Says that it has come, and stays until it is let go.
const hold = (here, go) => {
    const {GLib: G} = imports.gi;

    G.file_set_contents(here, 'here');
    while (!G.file_test(go, G.FileTest.EXISTS))
        G.usleep(1000);
    return imports.gi.Gio.Credentials.new().get_unix_pid();
};

// Stops its realm, once that has sent the answer and before it looks for another call.
const stopAfterwards = () => {
    const {GLib: G} = imports.gi;

    G.idle_add(G.PRIORITY_HIGH, () => {
        G.spawn_command_line_sync("sh -c 'kill -STOP $PPID'");
        return G.SOURCE_REMOVE;
    });
    return imports.gi.Gio.Credentials.new().get_unix_pid();
};

class Log {
    mark = new Mark();

    get ids() {
        return this.mark.there ? this.mark.text.split('\n').slice(0, -1).map(Number) : [];
    }

    call(pool, id, microseconds = 0) {
        return begin(pool, note, this.mark.path, id, microseconds);
    }

    clear() {
        this.mark.clear();
    }
}

/**
 * A realm that is held by a call and has others behind it, after so many short ones that it gets some ahead.
 */
async function holdBusy(pool, log, n) {
    const [here, go] = [new Mark(), new Mark()];

    await Promise.all(Array.from({length: 50}, () => begin(pool, i => i, 1).outcome));

    // They are all in the realm, or none is, if it took its time; then it is no test, but no failure.
    const before = Array.from({length: 20}, () => begin(pool, i => i, 1));
    const held = begin(pool, hold, here.path, go.path);
    const behind = Array.from({length: n}, (_, i) => log.call(pool, i));

    await here.wait();
    await Promise.all(before.map(({outcome}) => outcome));
    return {
        held, behind,
        letGo() {
            GLib.file_set_contents(go.path, 'go');
        },
        clear() {
            here.clear();
            go.clear();
        },
    };
}

/** For what only holds where calls can be taken back. */
function needClaims() {
    try {
        Tl.Claims.new();
    } catch (error) {
        skip(error.message);
    }
}

/** Has a pool make as many realms, which have nothing to do then. */
async function makeRealms(pool, n) {
    const go = new Mark();
    const marks = Array.from({length: n}, () => new Mark());
    const calls = marks.map(({path}) => begin(pool, hold, path, go.path));

    await Promise.all(marks.map(mark => mark.wait()));
    GLib.file_set_contents(go.path, 'go');
    await Promise.all(calls.map(({outcome}) => outcome));
    [go, ...marks].forEach(mark => mark.clear());
}

/** Runs `fn` while no call is found to take long. */
async function timeless(pool, fn) {
    const {now} = Date;

    Date.now = () => 0;
    try {
        await Promise.all(Array.from({length: 100}, () => begin(pool, i => i, 1).outcome));
        await fn();
    } finally {
        Date.now = now;
    }
}

const isStopped = pid => / T /.test(new TextDecoder().decode(GLib.file_get_contents(`/proc/${pid}/stat`)[1]));

/** A realm with calls that it does not begin with, since it is stopped: those that `submit` makes. No other is idle. */
async function stopBusy(pool, submit) {
    const stopping = begin(pool, stopAfterwards);
    const calls = submit();
    const pid = await stopping.outcome;

    await until(() => isStopped(pid));
    return {pid, calls};
}

test('calls that take no time are sent ahead, and run in their order', () => withPool({maxRealms: 1}, async pool => {
    const log = new Log();
    const calls = Array.from({length: 500}, (_, i) => log.call(pool, i));

    equal(pool.nQueued, 500);
    for (const {outcome} of calls) {
        await outcome;
        ok(pool.nRunning <= 1);
    }
    deepEqual(log.ids, calls.map((_, i) => i));
    ok(calls.every(({running, outcomes}) => running === 1 && outcomes === 1));
    equal(pool.nQueued + pool.nRunning, 0);
    log.clear();
}));

test('none waits behind one that takes long while another realm is free', () => withPool({maxRealms: 2}, async pool => {
    const log = new Log();
    const {held, behind, letGo, clear} = await holdBusy(pool, log, 100);

    // Only the other realm can run them.
    await Promise.all(behind.map(({outcome}) => outcome));
    equal(held.outcomes, 0);
    letGo();
    await held.outcome;
    deepEqual([...log.ids].sort((a, b) => a - b), behind.map((_, i) => i));
    log.clear();
    clear();
}));

test('a call that was sent ahead is removed, and the others stay', () => withPool({maxRealms: 1}, async pool => {
    const log = new Log();
    const {held, behind, letGo, clear} = await holdBusy(pool, log, 40);

    equal(pool.nQueued, 40);
    for (const i of [0, 3, 39])
        equal(behind[i].call.cancel(), 'queued');
    equal(pool.nQueued, 37);
    equal(pool.nRunning, 1);
    letGo();

    const outcomes = await Promise.all(behind.map(({outcome}) => outcome));

    for (const i of [0, 3, 39]) {
        equal(outcomes[i], CANCELLED);
        equal(behind[i].running, 0);
    }
    deepEqual(log.ids, behind.map((_, i) => i).filter(i => ![0, 3, 39].includes(i)));
    await held.outcome;
    log.clear();
    clear();
}));

test('a realm that is killed loses the call that it runs, and no other', () => withPool({maxRealms: 1}, async pool => {
    const log = new Log();
    const {held, behind, clear} = await holdBusy(pool, log, 40);

    kill(pool.pids[0]);
    match((await held.outcome.catch(error => error)).message, /signal 9 .*while it ran hold$/);
    deepEqual(await Promise.all(behind.map(({outcome}) => outcome)), behind.map((_, i) => i));
    deepEqual(log.ids, behind.map((_, i) => i));
    log.clear();
    clear();
}));

test('so does one whose call was cancelled and does not end', () => withPool({maxRealms: 1, grace: 50}, async pool => {
    const log = new Log();
    const {held, behind, clear} = await holdBusy(pool, log, 40);

    equal(held.call.cancel(), 'asked');
    equal(await held.outcome, CANCELLED);
    deepEqual(await Promise.all(behind.map(({outcome}) => outcome)), behind.map((_, i) => i));
    log.clear();
    clear();
}));

test('a call that its realm has not begun with yet costs no realm when it is cancelled',
    () => withPool({maxRealms: 1, grace: 20}, async pool => {
        needClaims();

        const pid = await run(pool, getPid);

        for (let i = 0; i < 20; i++) {
            kill(pid, 'STOP');

            const call = begin(pool, () => {
                for (;;)
                    ;
            });

            ok(call.call.running);
            equal(call.call.cancel(), 'asked');
            equal(await call.outcome, CANCELLED);
            kill(pid, 'CONT');
            equal(await run(pool, getPid), pid);
        }
    }));

test('shutdown cancels what was sent ahead', async () => {
    for (const mode of ['cancel-queued', 'cancel-all']) {
        const log = new Log();

        await withPool({maxRealms: 1, grace: 50}, async pool => {
            const {held, behind, letGo, clear} = await holdBusy(pool, log, 40);
            const closed = pool.shutdown(mode);

            if (mode === 'cancel-queued')
                letGo();
            deepEqual(await Promise.all(behind.map(({outcome}) => outcome)), behind.map(() => CANCELLED));
            equal(await held.outcome === CANCELLED, mode === 'cancel-all');
            await closed;
            deepEqual(log.ids, []);
            clear();
        });
    }
});

test('a realm that is one too many ends, and what it had ahead runs', () => withPool({maxRealms: 2}, async pool => {
    const log = new Log();
    const calls = Array.from({length: 300}, (_, i) => log.call(pool, i, 100));

    await Promise.any(calls.map(({outcome}) => outcome));
    pool.maxRealms = 1;
    await Promise.all(calls.map(({outcome}) => outcome));
    await until(() => pool.pids.length === 1);
    deepEqual([...log.ids].sort((a, b) => a - b), calls.map((_, i) => i));
    log.clear();
}));

test('who hears of a realm that died may cancel what it had ahead', () => withPool({maxRealms: 1}, pool =>
    timeless(pool, async () => {
        const log = new Log();
        const first = begin(pool, i => i, 1);
        let how = null;

        pool.call({fn: () => imports.system.exit(7), args: []}, {
            reject: () => (how = behind.map(({call}) => call.cancel())),
        });

        const behind = Array.from({length: 5}, (_, i) => log.call(pool, i));

        await first.outcome;
        deepEqual(await Promise.all(behind.map(({outcome}) => outcome)), behind.map(() => CANCELLED));
        deepEqual(how, behind.map(() => 'queued'));
        equal(await run(pool, i => i, 1), 1);
        deepEqual(log.ids, []);
        log.clear();
    })));

test('calls that end their realms cost no others', () => withPool({maxRealms: 1}, async pool => {
    const isLast = i => i % 9 === 8;
    const calls = Array.from({length: 100}, (_, i) => begin(pool, ends => {
        if (ends)
            imports.system.exit(7);
    }, isLast(i)));
    const outcomes = await Promise.allSettled(calls.map(({outcome}) => outcome));

    deepEqual(outcomes.map(({status}) => status === 'rejected'), calls.map((_, i) => isLast(i)));
}));

test('where more realms are allowed, there is one for what was sent ahead',
    () => withPool({maxRealms: 1}, async pool => {
        const log = new Log();
        const {held, behind, letGo, clear} = await holdBusy(pool, log, 5);

        pool.maxRealms = 2;
        await Promise.all(behind.map(({outcome}) => outcome));
        equal(held.outcomes, 0);
        letGo();
        await held.outcome;
        log.clear();
        clear();
    }));

test('a realm with nothing to do takes one of two that another has not begun with',
    () => withPool({maxRealms: 2}, async pool => {
        const [here, go] = [new Mark(), new Mark()];

        await makeRealms(pool, 2);
        await timeless(pool, async () => {
            const held = begin(pool, hold, here.path, go.path);

            await here.wait();

            const {pid, calls} = await stopBusy(pool, () => Array.from({length: 4}, () => begin(pool, getPid)));

            GLib.file_set_contents(go.path, 'go');
            await held.outcome;
            await until(() => calls.filter(({outcomes}) => outcomes === 1).length === 3);
            kill(pid, 'CONT');
            await Promise.all(calls.map(({outcome}) => outcome));
        });
        here.clear();
        go.clear();
    }));

test('a realm that has died is none with nothing to do', () => withPool({maxRealms: 2}, async pool => {
    await makeRealms(pool, 2);

    const mark = new Mark();
    const pid = await run(pool, getPid);

    kill(pid, 'STOP');

    const lost = begin(pool, getPid);
    let done = false;

    pool.call({fn: path => imports.gi.GLib.file_set_contents(path, 'here'), args: [mark.path]}, {
        resolve() {
            lost.call.cancel();
            done = true;
        },
    });
    kill(pid);
    // So that the end of one and the answer of the other are heard of at once.
    while (isAlive(pid) || !mark.there)
        GLib.usleep(1000);
    GLib.usleep(20000);
    while (!done)
        pool.pump(100);

    pool.maxRealms = 1;
    ok(await run(pool, getPid) !== pid);
    mark.clear();
}));

test('what was said to run does, whatever else is cancelled', () => withPool({maxRealms: 1}, async pool => {
    await timeless(pool, async () => {
        const {pid, calls} = await stopBusy(pool, () => Array.from({length: 5}, () => begin(pool, getPid)));

        ok(calls[0].call.running);
        equal(calls[2].call.cancel(), 'queued');

        const closed = pool.shutdown('cancel-queued');

        kill(pid, 'CONT');
        deepEqual(await Promise.all(calls.map(({outcome}) => outcome)),
            [pid, CANCELLED, CANCELLED, CANCELLED, CANCELLED]);
        await closed;
    });
}));

test('one that is cancelled when it is said to run leaves its realm free', () => withPool({maxRealms: 1}, async pool => {
    needClaims();
    await timeless(pool, async () => {
        const rest = [];
        const {pid} = await stopBusy(pool, () => {
            const first = pool.call({fn: getPid, args: []}, {running: () => first.cancel()});

            rest.push(begin(pool, getPid));
        });
        await until(() => rest[0].running === 1);

        const last = begin(pool, getPid);

        equal(last.call.running, false);
        kill(pid, 'CONT');
        await last.outcome;
    });
}));

test('large arguments are not sent ahead', () => withPool({maxRealms: 1}, async pool => {
    const text = 'x'.repeat(100000);
    const calls = Array.from({length: 100}, (_, i) => i % 2 === 0
        ? begin(pool, s => s.length, text) : begin(pool, b => b.length, new Uint8Array(1000)));
    const outcomes = await Promise.all(calls.map(({outcome}) => outcome));

    ok(outcomes.every((n, i) => n === (i % 2 === 0 ? 100000 : 1000)));
}));

test('a large result is not kept back by a call', () => withPool({maxRealms: 1}, pool => timeless(pool, async () => {
    const [here, go] = [new Mark(), new Mark()];
    const first = begin(pool, i => i, 1);
    const large = begin(pool, () => 'x'.repeat(10e6));
    const held = begin(pool, hold, here.path, go.path);

    await first.outcome;
    equal((await large.outcome).length, 10e6);
    equal(held.outcomes, 0);
    await here.wait();
    GLib.file_set_contents(go.path, 'go');
    await held.outcome;
    here.clear();
    go.clear();
})));

test('a function that runs a main loop, behind one that is async', () => withPool({maxRealms: 1}, async pool => {
    const runLoop = () => {
        const loop = new imports.gi.GLib.MainLoop(null, false);

        Promise.resolve().then(() => loop.quit());
        loop.run();
        return 2;
    };
    const calls = Array.from({length: 100}, (_, i) => begin(pool, i % 2 === 0 ? async () => 1 : runLoop));

    deepEqual(await Promise.all(calls.map(({outcome}) => outcome)), calls.map((_, i) => i % 2 === 0 ? 1 : 2));
}));

test('without a main loop', async () => {
    const log = new Log();

    await withPool({maxRealms: 2}, pool => {
        const calls = Array.from({length: 300}, (_, i) => log.call(pool, i, i % 50 === 0 ? 5000 : 0));

        calls[250].call.cancel();
        while (pool.nQueued + pool.nRunning > 0)
            pool.pump(100);
    });
    deepEqual([...log.ids].sort((a, b) => a - b), Array.from({length: 300}, (_, i) => i).filter(i => i !== 250));
    log.clear();
});

// ---- Anything at any time ----

/** Xorshift, so that a run can be repeated. */
function* numbers(seed) {
    for (let x = seed || 1;; yield x >>> 0) {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
    }
}

async function chaos(seed) {
    const random = numbers(seed);
    const below = n => random.next().value % n;
    const log = new Log();
    const calls = [];
    const asked = new Set();
    const queued = new Set();

    await withPool({maxRealms: 3, grace: 20, idleTimeout: 30}, async pool => {
        const steps = [
            () => {
                for (let n = below(60); n > 0; n--)
                    calls.push(log.call(pool, calls.length, below(20) === 0 ? below(20000) : 0));
            },
            () => {
                const i = below(calls.length + 1);

                if (i === calls.length)
                    return;

                const how = calls[i].call.cancel();

                if (how === 'queued')
                    queued.add(i);
                else if (how === 'asked')
                    asked.add(i);
            },
            () => pool.pids.length > 0 && below(4) === 0 && kill(pool.pids[below(pool.pids.length)]),
            () => (pool.maxRealms = 1 + below(3)),
            () => pool.pump(0),
            () => new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, below(10), () => resolve())),
        ];

        for (let i = 0; i < 150; i++)
            await steps[below(steps.length)]();

        // Those that were killed in the middle of it have lost their calls; all settle.
        const outcomes = await Promise.allSettled(calls.map(({outcome}) => outcome));
        const times = new Map();

        log.ids.forEach(id => times.set(id, (times.get(id) ?? 0) + 1));
        outcomes.forEach(({status, value}, i) => {
            const n = times.get(i) ?? 0;

            equal(calls[i].outcomes, 1);
            ok(n <= 1, `call ${i} has run ${n} times`);
            if (queued.has(i))
                ok(value === CANCELLED && n === 0, `call ${i} was removed from the queue and has run`);
            else if (status === 'fulfilled' && value !== CANCELLED)
                ok(value === i && n === 1);
            else if (value === CANCELLED)
                ok(asked.has(i), `nobody has cancelled call ${i}`);
        });
        equal(pool.nQueued + pool.nRunning, 0);
    });
    log.clear();
}

test('each call runs once at most, and settles once, whatever happens', async () => {
    const rounds = Math.ceil(100 * Number(GLib.getenv('TL_TEST_SCALE') ?? 0.1));
    const first = Number(GLib.getenv('TL_TEST_SEED') ?? Date.now() % 1e9);

    print(`# TL_TEST_SEED=${first}`);
    for (let seed = first; seed < first + rounds; seed++) {
        try {
            await chaos(seed);
        } catch (error) {
            error.message += ` (TL_TEST_SEED=${seed})`;
            throw error;
        }
    }
}, {seconds: 300});

runTests();
