// SPDX-License-Identifier: LGPL-2.1-or-later

// The ends of executors: the ways to close, options, what nobody looked at, and what is left.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, match, ok, rejects, run, test, throws, until} from './tap.js';
import {countFds, countThreads, Mark, stayUntil} from './realms.js';

const cancelled = error => error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
const shutDown = error => error.matches?.(Tl.Error, Tl.Error.SHUT_DOWN);

test('with() closes when its function returns, and gives what that gave', async () => {
    let kept;

    equal(await Tl.Executor.with({name: 'kept'}, executor => {
        kept = executor;
        return executor.submit(() => 5);
    }), 5);
    await rejects(kept.submit(() => 1), shutDown);
    await rejects(kept.submit(GLib.usleep, 1), shutDown);
});

test('with() closes when its function throws', async () => {
    let kept;

    await rejects(Tl.Executor.with({}, executor => {
        kept = executor;
        throw new RangeError('out');
    }), RangeError);
    await rejects(kept.submit(() => 1), shutDown);
});

test('shutdown() waits for what was accepted', async () => {
    const executor = new Tl.Executor({maxWorkers: 1});
    const futures = [1, 2, 3].map(x => executor.submit(y => y, x));
    const native = executor.submit(GLib.usleep, 1000);

    await executor.shutdown();
    ok([...futures, native].every(future => future.done()));
    deepEqual(await Promise.all(futures), [1, 2, 3]);
    await executor.shutdown();
});

test('shutdown({cancelFutures: true}) cancels what is queued', async () => {
    const executor = new Tl.Executor({maxWorkers: 1});
    const gate = new Mark();
    const first = executor.submit(stayUntil, gate.path);
    const second = executor.submit(() => 2);

    await until(() => first.running());

    const closed = executor.shutdown({cancelFutures: true});

    gate.set();
    await closed;
    equal(await first, 'stayed');
    await rejects(second, cancelled);
    gate.clear();
});

test(`shutdown({cancelFutures: 'all'}) ends what runs, too`, async () => {
    const executor = new Tl.Executor({maxWorkers: 1});
    const first = executor.submit(() => {
        for (;;)
            ;
    });

    await until(() => first.running());
    await executor.shutdown({cancelFutures: 'all'});
    await rejects(first, cancelled);
});

// GJS 1.74 answers for its functions while it collects garbage, and a source of GLib is removed by such an answer.
test('nothing is lost while garbage is collected', async () => {
    const kept = [];

    for (let round = 0; round < 12; round++) {
        const executor = new Tl.Executor({maxWorkers: 1});
        const futures = Array.from({length: 4000}, (_, i) =>
            i % 2 === 0 ? executor.submit(x => x, i) : executor.submit(GLib.path_get_basename, `/${i}`));

        kept.push(futures);
        if (kept.length > 3)
            kept.shift();
        await executor.shutdown({cancelFutures: round % 2 === 0 ? 'all' : true});
        ok(futures.every(future => future.done()));
        await Promise.allSettled(futures);
    }
});

test('shutdown() takes options', async () => {
    await Tl.Executor.with({}, async executor => {
        for (const options of ['all', null, 5])
            await rejects(executor.shutdown(options), /TypeError: shutdown\(\) takes an object/);
        await rejects(executor.shutdown({cancelfutures: true}), /TypeError: .* no option cancelfutures.*cancelFutures/);
        await rejects(executor.shutdown({cancel: true}), /TypeError: .* no option cancel: .*cancelFutures and wait/);
        await rejects(executor.shutdown({cancelFutures: 'ALL'}), /TypeError: .*cancelFutures must be true or /);
        await rejects(executor.shutdown({wait: 0}), /TypeError: .*wait must be/);
        equal(await executor.submit(GLib.path_get_basename, '/a'), 'a');
    });
    await new Tl.Executor().shutdown({cancelFutures: undefined, wait: undefined});
});

test('options are checked, and named', async () => {
    const wrong = {
        RangeError: [['maxWorkers', -5], ['maxWorkers', 1.5], ['maxWorkers', NaN], ['maxQueued', -1],
            ['maxQueued', 2 ** 32], ['idleTimeout', -2], ['idleTimeout', NaN], ['spinTime', -3]],
        TypeError: [['maxWorkers', 'x'], ['maxQueued', null], ['whenFull', 7], ['idleTimeout', '1'], ['name', 5]],
    };

    for (const [kind, options] of Object.entries(wrong)) {
        for (const [name, value] of options) {
            const error = throws(() => new Tl.Executor({[name]: value}));

            equal(error.name, kind);
            match(error.message, new RegExp(`^Tl.Executor: ${name} must be .*, not '?${value}'?$`));
        }
    }
    match(throws(() => new Tl.Executor({maxworkers: 1}), TypeError).message, /no option maxworkers: .* maxWorkers$/);
    match(throws(() => new Tl.Executor({workers: 1}), TypeError).message, /no option workers: there is .*maxWorkers/);
    match(throws(() => new Tl.Executor({nQueued: 1}), TypeError).message, /no option nQueued/);
    for (const options of [5, 'name', null])
        throws(() => new Tl.Executor(options), /TypeError: Tl.Executor takes an object/);
    await rejects(Tl.Executor.with({maxWorker: 1}, () => 1), /TypeError: .* no option maxWorker/);
});

test('options have the names that GObject has for them, too', () => {
    equal(new Tl.Executor({maxWorkers: 3}).maxWorkers, 3);
    equal(new Tl.Executor({max_workers: 3}).max_workers, 3);
    equal(new Tl.Executor({'max-workers': 3}).get_max_workers(), 3);

    const executor = new Tl.Executor({
        name: 'all of them', maxQueued: 2, when_full: Tl.WhenFull.FAIL, idleTimeout: -1, 'spin-time': 0,
        maxWorkers: undefined,
    });

    equal(executor.name, 'all of them');
    equal(executor.maxQueued, 2);
    equal(executor.whenFull, Tl.WhenFull.FAIL);
    equal(executor.idleTimeout, -1);
    equal(executor.spinTime, 0);
    equal(executor.maxWorkers, new Tl.Executor().maxWorkers);
    equal(new Tl.Executor({idleTimeout: 1.5e6}).idleTimeout, 1500000);
});

test('the default executor cannot be shut down', async () => {
    equal(Tl.Executor.default(), Tl.Executor.get_default());
    await rejects(Tl.Executor.default().shutdown(), error => error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_SUPPORTED));
    equal(await Tl.Executor.default().submit(GLib.path_get_basename, '/a'), 'a');
    equal(await Tl.Executor.default().submit(() => 2), 2);
});

test('anything can be thrown in the main loop, too', async () => {
    for (const thrown of [null, undefined, Symbol('a symbol'), Object.create(null)]) {
        await rejects(Tl.Executor.main().submit(() => {
            throw thrown;
        }), error => Object.is(error, thrown));
    }
});

test('entry points that would call JavaScript on a thread are refused at once', async () => {
    const executor = new Tl.Executor();
    const refused = /TypeError: .*submit\(\)/s;

    throws(() => executor.post(() => {}), refused);
    throws(() => executor.submit_full('n', 0, -1, null, () => {}), refused);
    throws(() => executor.set_thread_func(() => {}), refused);
    throws(() => new Tl.Bell(executor, () => {}), refused);
    throws(() => Tl.Bell.new_home(() => {}), refused);
    throws(() => new Tl.EventThread().set_thread_func(() => {}), refused);
    throws(() => Tl.set_error_handler(() => {}), refused);
    const context = new GLib.MainContext();
    throws(() => Tl.Executor.new_for_context(context).submit(() => {}), /TypeError: .*main context/s);
    await executor.shutdown();
});

// In a program of its own.
function reportOf(submit) {
    const program = Gio.Subprocess.new([GLib.file_read_link('/proc/self/exe'), '-c', `
        const {Tl} = imports.gi;

        (${submit})(function failing() {
            throw new RangeError('unseen');
        });
        imports.system.gc();
    `], Gio.SubprocessFlags.STDERR_PIPE);

    return program.communicate_utf8(null, null)[2];
}

test('an error that nobody looked at is reported with its executor and its stack', () => {
    match(reportOf(fn => new Tl.Executor({name: 'the executor', maxWorkers: 1}).submit(fn).wait()),
        /the executor: failing failed, and nobody looked at the error: RangeError: unseen\nfailing@realm:failing:/);
    match(reportOf(fn => {
        const future = Tl.Executor.main().submit(fn);

        while (!future.done())
            imports.gi.GLib.MainContext.default().iteration(true);
    }), /main: failing failed, and nobody looked at the error: RangeError: unseen\nfailing@/);
});

test('an executor that nobody keeps does its work, and goes', async () => {
    const before = new Set(children());
    let future = new Tl.Executor({maxWorkers: 1}).submit(() => 7);

    equal(await future, 7);
    future = null;
    await until(() => {
        imports.system.gc();
        return children().every(pid => before.has(pid));
    });
});

test('1,000 executors that were closed leave no process, descriptor or thread', async () => {
    // What GLib makes once.
    await Tl.Executor.with({}, executor => executor.submit(() => 1));
    const before = {fds: countFds(), threads: countThreads(), children: children().length};

    for (let i = 0; i < 1000; i++) {
        await Tl.Executor.with({maxWorkers: 2}, async executor => {
            equal(await executor.submit(GLib.path_get_basename, `/${i}`), `${i}`);
            if (i % 50 === 0)
                equal(await executor.submit(x => x + 1, i), i + 1);
        });
    }
    await until(() => countFds() <= before.fds && countThreads() <= before.threads &&
        children().length <= before.children);
}, {seconds: 300});

function children() {
    const me = GLib.file_read_link('/proc/self');
    const [, text] = GLib.file_get_contents(`/proc/self/task/${me}/children`);
    return new TextDecoder().decode(text).trim().split(' ').filter(pid => pid);
}

run();
