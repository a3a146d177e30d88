// SPDX-License-Identifier: LGPL-2.1-or-later

// Realms that die, and programs that do.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, match, ok, rejects, run as runTests, sleep, test, until} from './tap.js';
import {begin, CANCELLED, isAlive, kill, Mark, run, withPool} from './realms.js';

const getPid = () => imports.gi.Gio.Credentials.new().get_unix_pid();

function isAbandoned(error) {
    return error instanceof GLib.Error && error.matches(Tl.Error, Tl.Error.ABANDONED);
}

test('what happened to a realm that has exited', () => withPool({maxRealms: 1}, async pool => {
    const pid = await run(pool, getPid);
    const {message} = await rejects(run(pool, function leaving() {
        imports.system.exit(3);
    }), isAbandoned);

    match(message, /The realm of the test/);
    match(message, new RegExp(`\\(process ${pid}\\) ended with exit status 3 while it ran leaving$`));
    ok(await run(pool, getPid) !== pid);
}));

test('what happened to one that was killed, with its last words', () => withPool({maxRealms: 1}, async pool => {
    const {message} = await rejects(run(pool, () => {
        const {Gio: G} = imports.gi;

        printerr('These are the last words of a realm, for the test');
        G.Subprocess.new(['sh', '-c', 'kill -TERM $PPID'], 0).wait(null);
        imports.gi.GLib.usleep(100e6);
    }), isAbandoned);

    match(message, /was ended by signal 15 \(.+\) while it ran a function without a name:\n.*last words of a realm/s);
    equal(await run(pool, () => 1), 1);
}));

test('Ctrl-C is for the program to handle, and for what a realm has started', () => withPool({maxRealms: 1}, async pool => {
    deepEqual(await run(pool, () => {
        const {Gio: G} = imports.gi;
        const interrupt = who => {
            const shell = G.Subprocess.new(['sh', '-c', `kill -INT ${who}; exit 7`], 0);

            shell.wait(null);
            return shell.get_if_signaled() ? `signal ${shell.get_term_sig()}` : `exit status ${shell.get_exit_status()}`;
        };

        return [interrupt('$PPID'), interrupt('$$')];
    }), ['exit status 7', 'signal 2']);
}));

test('a call does not go to a realm that is found dead', () => withPool({maxRealms: 1}, async pool => {
    const pid = await run(pool, getPid);

    kill(pid);
    // In the same turn of the main loop, so that nobody has told the pool.
    while (isAlive(pid))
        GLib.usleep(1000);
    ok(await run(pool, getPid) !== pid);
}));

test('what was sent before the end still counts', () => withPool({shared: true}, async pool => {
    const answered = begin(pool, () => 'answered');
    const exits = begin(pool, () => imports.system.exit(0));
    const after = begin(pool, () => 1);

    equal(await answered.outcome, 'answered');
    match((await rejects(exits.outcome, isAbandoned)).message, /exit status 0 while it ran/);
    await rejects(after.outcome, isAbandoned);
    equal(await run(pool, () => 1), 1);
}));

test('a shared realm that was killed has lost its calls and its state', () => withPool({shared: true}, async pool => {
    await run(pool, () => (globalThis.state = 'state'));

    const lost = [begin(pool, () => new Promise(() => {})), begin(pool, () => imports.gi.GLib.usleep(100e6))];

    kill(pool.pids[0]);

    const late = begin(pool, () => globalThis.state);

    for (const {outcome} of lost)
        match((await rejects(outcome, isAbandoned)).message, /signal 9/);
    // Depending on whether the process was seen to have gone.
    ok(await late.outcome.catch(isAbandoned) ?? true);
    equal(await run(pool, () => globalThis.state), undefined);
}));

test('who comes after a shared realm that was not missed is told once', () => withPool({shared: true}, async pool => {
    const untilHeard = pid => until(() => !pool.pids.includes(pid));
    const untilDead = pid => {
        while (isAlive(pid))
            GLib.usleep(1000);
    };

    for (const wait of [untilHeard, untilDead]) {
        const pid = await run(pool, () => {
            globalThis.state = 'state';
            return imports.gi.Gio.Credentials.new().get_unix_pid();
        });

        kill(pid);
        await wait(pid);
        match((await rejects(run(pool, () => globalThis.state), isAbandoned)).message,
            /signal 9 .*; what functions had left/);
        equal(await run(pool, () => globalThis.state), undefined);
    }

    // One that was cancelled does not count: who has it is not told of the end.
    const mark = new Mark();
    const deaf = begin(pool, path => {
        imports.gi.GLib.file_set_contents(path, 'here');
        for (;;)
            ;
    }, mark.path);

    await mark.wait();
    deaf.call.cancel();
    kill(pool.pids[0]);
    equal(await deaf.outcome, CANCELLED);
    await rejects(run(pool, () => 1), isAbandoned);
    equal(await run(pool, () => 1), 1);
    mark.clear();
}));

test('one call that is killed is cancelled if that was wanted', () => withPool({maxRealms: 1}, async pool => {
    const mark = new Mark();
    const call = begin(pool, path => {
        imports.gi.GLib.file_set_contents(path, 'here');
        imports.gi.GLib.usleep(100e6);
    }, mark.path);

    await mark.wait();
    call.call.cancel();
    kill(pool.pids[0]);
    equal(await call.outcome, 'cancelled');
    mark.clear();
}));

test('a call that is cancelled when no realm could be made is cancelled', () => withPool({maxRealms: 1}, async pool => {
    let how = null;

    pool.call({fn: () => 1, args: []}, {reject: () => (how = second.call.cancel())});

    const second = begin(pool, () => 2);

    kill(pool.pids[0]);
    equal(await second.outcome, 'cancelled');
    equal(how, 'queued');
}));

test('kill -9 of realms in the middle of a thousand calls', () => withPool({maxRealms: 2}, async pool => {
    const busy = [100, 300, 500, 700, 900];
    const calls = Array.from({length: 1000}, (_, i) => begin(pool, async (n, ends) => {
        // Those that are in the middle of it for certain; the others may be killed between two calls, and lose none.
        if (ends)
            imports.gi.GLib.spawn_command_line_sync("sh -c 'kill -KILL $PPID'");
        if (n % 100 === 50)
            await new Promise(resolve => imports.gi.GLib.timeout_add(0, 5, () => resolve()));
        imports.gi.GLib.usleep(200);
        return n;
    }, i, busy.includes(i)));
    let settled = 0;

    calls.forEach(({outcome}) => outcome.finally(() => settled++).catch(() => {}));
    for (const n of [50, 250, 450, 650, 850]) {
        await until(() => settled >= n);
        if (pool.pids.length > 0)
            kill(pool.pids[0]);
    }

    const results = await Promise.allSettled(calls.map(({outcome}) => outcome));
    const failed = results.filter(({status}) => status === 'rejected');

    ok(failed.length >= 5 && failed.length <= 10, `${failed.length} calls have failed`);
    ok(busy.every(i => results[i].status === 'rejected'));
    for (const {reason} of failed) {
        ok(isAbandoned(reason));
        match(reason.message, /was ended by signal 9/);
    }
    results.forEach(({status, value}, i) => ok(status === 'rejected' || value === i));
    ok(calls.every(({outcomes}) => outcomes === 1));
}));

// ---- The death of the program ----

const PROGRAM = `
    import GLib from 'gi://GLib';
    const {RealmPool} = imports.overrides.threadloop.realmPool;
    const pool = new RealmPool({maxRealms: 2, idleTimeout: -1});
    const shared = new RealmPool({shared: true});
    const loop = new GLib.MainLoop(null, false);
    let ready = 0;
    const tell = () => {
        if (++ready === 3)
            GLib.file_set_contents(ARGV[0], JSON.stringify([...pool.pids, ...shared.pids]));
    };
    // Busy; asleep in C; idle.
    pool.call({fn: function () { this.progress(0); for (;;); }, args: []}, {progress: tell});
    pool.call({fn: function () { this.progress(0); imports.gi.GLib.usleep(1000e6); }, args: []}, {progress: tell});
    shared.call({fn: () => 1, args: []}, {resolve: tell});
    loop.run();
`;

async function startProgram() {
    const [file, stream] = Gio.File.new_tmp('program-XXXXXX.js');
    const mark = new Mark();

    stream.output_stream.write_all(new TextEncoder().encode(PROGRAM), null);
    stream.close(null);

    const process = Gio.Subprocess.new([GLib.file_read_link('/proc/self/exe'), '-m', file.get_path(), mark.path], 0);

    await mark.wait();
    await until(() => mark.text.endsWith(']'));

    const pids = JSON.parse(mark.text);

    mark.clear();
    file.delete(null);
    return {process, pids};
}

for (const signal of ['KILL', 'TERM', 'INT']) {
    test(`no realm is left after the program was ended by SIG${signal}`, async () => {
        const {process, pids} = await startProgram();

        equal(pids.length, 3);
        ok(pids.every(isAlive));
        kill(process.get_identifier(), signal);
        process.wait(null);

        const begun = GLib.get_monotonic_time();

        // None of them would end by itself for longer than this waits.
        await until(() => !pids.some(isAlive), 'the realms to end');
        print(`# they had gone after ${((GLib.get_monotonic_time() - begun) / 1000).toFixed(1)} ms`);
    });
}

// ---- Realms that cannot be made; this is for the rest of the program ----

test('a host that cannot start fails its calls, not for ever', () => withPool({maxRealms: 2}, async pool => {
    const {Repository} = imports.gi.GIRepository;
    const directory = GLib.dir_make_tmp('typelibs-XXXXXX');
    const repository = Repository.dup_default?.() ?? Repository;
    const path = GLib.build_filenamev([directory, 'Tl-1.typelib']);

    equal(await run(pool, () => 1), 1);
    GLib.file_set_contents(path, 'This is none');
    repository.prepend_search_path(directory);

    // One realm works; it does all there is.
    const calls = Array.from({length: 10}, (_, i) => begin(pool, n => imports.gi.GLib.usleep(20000) ?? n, i));

    await Promise.all(calls.map(({outcome}) => outcome));

    // None does.
    kill(pool.pids[0]);
    await until(() => pool.pids.length === 0);

    const lost = Array.from({length: 10}, () => begin(pool, () => 1));

    for (const {outcome} of lost) {
        const {message} = await rejects(outcome, isAbandoned);

        match(message, /exit status \d+ before it was ready:\n/);
    }
    deepEqual(pool.pids, []);
    await sleep(50);
    deepEqual(pool.pids, []);
    GLib.unlink(path);
    GLib.rmdir(directory);
    equal(await run(pool, () => 1), 1);
}));

runTests();
