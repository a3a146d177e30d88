// SPDX-License-Identifier: LGPL-2.1-or-later

// Futures: awaited, waited for, cancelled; what they give and what goes wrong.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, match, ok, rejects, run, test, throws} from './tap.js';

const cancelled = error => error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
const timedOut = error => error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
const deadlock = error => error.matches(Tl.Error, Tl.Error.WOULD_DEADLOCK);

function later(fn) {
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        fn();
        return GLib.SOURCE_REMOVE;
    });
}

test('a future that is settled later is awaited', async () => {
    const future = Tl.Future.new(null);
    let settled = false;

    later(() => {
        settled = true;
        future.set_string('there');
    });
    equal(await future, 'there');
    ok(settled);
});

test('one that has settled before is awaited, as often as one likes', async () => {
    const future = Tl.Future.new(null);

    future.set_int64(7);
    deepEqual(await Promise.all([future, future, future.then(x => x + 1)]), [7, 7, 8]);
    equal(await future, 7);
});

test('one without a value gives undefined', async () => {
    const future = Tl.Future.new(null);

    future.set_done();
    equal(await future, undefined);
    equal(future.result(), undefined);
});

test('each kind of value arrives', async () => {
    const file = Gio.File.new_for_path('/');
    const values = [[true, 'boolean'], [-5, 'int64'], [0.5, 'double'], ['', 'string'], [file, 'object']];

    for (const [value, kind] of values) {
        const future = Tl.Future.new(null);
        future[`set_${kind}`](value);
        equal(await future, value);
    }

    const future = Tl.Future.new(null);
    future.set_variant(new GLib.Variant('as', ['a', 'b']));
    deepEqual((await future).deepUnpack(), ['a', 'b']);
});

test('then, catch and finally are those of a promise', async () => {
    const done = Tl.Future.new(null);
    const failed = Tl.Future.new(null);
    const order = [];

    done.set_int64(1);
    failed.set_error(new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.BUSY, 'busy'));

    ok(done.then(() => {}) instanceof Promise);
    equal(await done.then(x => x * 2), 2);
    equal(await failed.catch(error => error.message), 'busy');
    equal(await failed.then(null, error => error.code), Gio.IOErrorEnum.BUSY);
    await done.finally(() => order.push('done'));
    await rejects(failed.finally(() => order.push('failed')), /busy/);
    deepEqual(order, ['done', 'failed']);
});

test('an error is a GLib.Error that can be told by its domain and code', async () => {
    const future = Tl.Future.new(null);

    future.set_error(new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND, 'no such thing'));
    const error = await rejects(future, GLib.Error);
    ok(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
    equal(error.message, 'no such thing');
    equal(throws(() => future.result(), GLib.Error).message, 'no such thing');
});

test('callbacks of a promise never run inside of what settles it', async () => {
    const future = Tl.Future.new(null);
    let heard = false;

    const end = future.then(() => {
        heard = true;
    });
    future.set_done();
    ok(!heard);
    await end;
    ok(heard);
});

test('a done-callback is called once, with the future, and can be taken back', async () => {
    const future = Tl.Future.new(null);
    const heard = [];

    future.add_done_callback(done => heard.push(done));
    const id = future.add_done_callback(() => heard.push('no'));
    future.add_done_callback(() => {
        throw new Error('This message is part of the test');
    });
    ok(future.remove_done_callback(id));
    ok(!future.remove_done_callback(id));
    later(() => future.set_int64(1));
    equal(await future, 1);
    deepEqual(heard, [future]);
    throws(() => future.add_done_callback(null), TypeError);
});

test('cancelling says what it did, and rejects', async () => {
    const future = Tl.Future.new(null);

    equal(future.cancel(), Tl.Cancel.DONE);
    ok(future.cancelled());
    await rejects(future, cancelled);
    throws(() => future.result(), cancelled);
    equal(future.cancel(), Tl.Cancel.TOO_LATE);
});

test('result() has a limit in milliseconds, and iterates nothing', () => {
    const future = Tl.Future.new(null);
    let iterated = false;
    later(() => {
        iterated = true;
    });

    const begin = GLib.get_monotonic_time();
    throws(() => future.result(30), timedOut);
    const took = (GLib.get_monotonic_time() - begin) / 1000;
    ok(took >= 29 && took < 20000, `it took ${took} ms`);
    throws(() => future.wait(0), timedOut);
    throws(() => Tl.Executor.main().submit(() => {}).wait(0), timedOut);
    throws(() => future.result('soon'), /TypeError: timeout/);
    ok(!iterated);
});

test('result() can be called off', () => {
    const future = Tl.Future.new(null);
    const cancellable = new Gio.Cancellable();

    cancellable.cancel();
    throws(() => future.result(-1, cancellable), cancelled);
    ok(!future.done());
});

test('progress is an object with properties that notify, the same each time', async () => {
    const future = Tl.Future.new('copying');
    const {progress} = future;

    ok(progress instanceof Tl.Progress);
    equal(future.progress, progress);
    equal(progress.name, 'copying');
    const heard = new Promise(resolve => progress.connect('notify::fraction', () => resolve(progress.fraction)));
    future.set_progress(0.25, 'a quarter');
    equal(await heard, 0.25);
    equal(progress.message, 'a quarter');
    future.set_done();
});

test('the cancellable is that of the work', () => {
    const future = Tl.Future.new(null);

    ok(future.cancellable instanceof Gio.Cancellable);
    equal(future.cancellable, future.get_cancellable());
    future.set_running();
    equal(future.cancel(), Tl.Cancel.DONE);
    ok(future.cancellable.is_cancelled());
});

test('what is not a generator cannot be iterated', () => {
    const future = Tl.Future.new('sum');

    throws(() => future[Symbol.asyncIterator](), /TypeError: sum .* await it/);
    future.cancel();
});

test('the main loop runs what is submitted to Tl.Executor.main()', async () => {
    const main = Tl.Executor.main();
    let ran = false;

    equal(main, Tl.Executor.main());
    const future = main.submit((a, b) => {
        ran = true;
        return {sum: a + b};
    }, 1, 2);
    ok(!ran);
    deepEqual(await future, {sum: 3});
    equal(await main.submit(async x => x * 2, 4), 8);
    const error = await rejects(main.submit(() => {
        throw new RangeError('too far');
    }), RangeError);
    equal(error.message, 'too far');
    match(error.stack, /test-future/);
});

test('waiting in the main loop for what is to run there is noticed', () => {
    throws(() => Tl.Executor.main().submit(() => 1).result(), deadlock);
});

test('what is async settles with its promise', async () => {
    const main = Tl.Executor.main();
    let open;
    const gate = new Promise(resolve => (open = resolve));
    let begun = false;
    const future = main.submit(async function waiting() {
        begun = true;
        await gate;
        return 'through';
    });

    equal(future.get_name(), 'waiting');
    equal(future.get_state(), Tl.FutureState.PENDING);
    ok(!begun);
    await main.submit(() => ok(begun));
    ok(future.running());
    ok(!future.done());
    throws(() => future.result(), deadlock);
    throws(() => future.wait(10), deadlock);
    // It cannot be stopped.
    equal(future.cancel(), Tl.Cancel.REQUESTED);
    open();
    equal(await future, 'through');
    equal(future.result(), 'through');
    equal(future.get_state(), Tl.FutureState.DONE);
    equal(future.cancel(), Tl.Cancel.TOO_LATE);

    const failing = main.submit(async () => {
        await gate;
        throw new RangeError('later');
    });

    await rejects(failing, /RangeError: later/);
    equal(failing.get_state(), Tl.FutureState.FAILED);
    equal(await main.submit(() => main.submit(() => 'inner')), 'inner');
    throws(() => main.submit(() => 1)[Symbol.asyncIterator](), /TypeError: .*await it/);
});

test('what goes wrong with its executor is heard of', async () => {
    const executor = Tl.Executor.new_for_context(null);
    const queued = executor.submit(() => 1);
    const closed = executor.shutdown({cancelFutures: true});

    await rejects(queued, cancelled);
    await closed;
    await rejects(executor.submit(() => 1), error => error.matches(Tl.Error, Tl.Error.SHUT_DOWN));
});

test('what is cancelled before the loop comes to it never runs', async () => {
    let ran = false;
    const future = Tl.Executor.main().submit(() => {
        ran = true;
    });

    let heard = false;
    const outcome = future.catch(error => {
        heard = true;
        return error;
    });

    equal(future.cancel(), Tl.Cancel.DONE);
    ok(future.cancelled());
    ok(!heard);
    ok(cancelled(await outcome));
    await rejects(future, cancelled);
    ok(!ran);
});

test('20,000 futures at a time each give what is theirs', async () => {
    const futures = Array.from({length: 20000}, () => Tl.Future.new(null));

    later(() => futures.forEach((future, i) => future.set_int64(i)));
    const values = await Promise.all(futures);
    ok(values.every((value, i) => value === i));
});

run();
