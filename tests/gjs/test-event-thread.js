// SPDX-License-Identifier: LGPL-2.1-or-later

// Event threads: native calls on one thread and JavaScript in one realm, each in order.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, match, ok, rejects, run, test, throws, until} from './tap.js';
import {hasBegun, isAlive} from './realms.js';

const cancelled = error => error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
const abandoned = error => error.matches?.(Tl.Error, Tl.Error.ABANDONED);
const shutDown = error => error.matches?.(Tl.Error, Tl.Error.SHUT_DOWN);
const notStarted = error => error.matches?.(Tl.Error, Tl.Error.NOT_STARTED);

function using(body) {
    return () => Tl.EventThread.with({name: 'thread'}, body);
}

test('native calls run on the thread', using(async thread => {
    equal(await thread.submit(GLib.path_get_basename, '/a/b'), 'b');
    const [contents] = await thread.call(Gio.File.new_for_path('/proc/self/status'), 'load_contents', null);
    ok(contents.length > 0);
    equal(await thread.call('GLib.path_get_dirname', '/a/b'), '/a');
}));

test('JavaScript keeps its state from call to call', using(async thread => {
    await thread.submit(() => {
        globalThis.count = 0;
    });
    for (let i = 1; i <= 5; i++)
        equal(await thread.submit(() => ++globalThis.count), i);
}));

test('calls begin in the order in which they were submitted', using(async thread => {
    const futures = Array.from({length: 50}, (_, i) => thread.submit(x => {
        globalThis.order ??= [];
        globalThis.order.push(x);
    }, i));

    await Promise.all(futures);
    deepEqual(await thread.submit(() => globalThis.order), Array.from({length: 50}, (_, i) => i));
}));

test('what waits lets others run', using(async thread => {
    const waiting = thread.submit(() => new Promise(resolve => {
        globalThis.wake = resolve;
    }));

    await thread.submit(() => globalThis.wake('awake'));
    equal(await waiting, 'awake');
}));

test('its main loop runs between calls', using(async thread => {
    await thread.submit(() => {
        globalThis.ticks = 0;
        setInterval(() => globalThis.ticks++, 1);
    });
    await until(async () => await thread.submit(() => globalThis.ticks) > 3);
}));

test('a module keeps its state', using(async thread => {
    const work = await thread.import('./work.js', import.meta.url);

    equal(await work.count(), 1);
    equal(await work.count(), 2);
    const pids = new Set(await Promise.all([work.pid(), work.pid(), work.pid()]));
    equal(pids.size, 1);
}));

test('cancelling asks', using(async thread => {
    const future = thread.submit(function () {
        return new Promise((resolve, reject) => this.signal.addEventListener('abort', () => reject(this.signal.reason)));
    });

    await until(() => future.running());
    equal(future.cancel(), Tl.Cancel.REQUESTED);
    await rejects(future, cancelled);
    equal(await thread.submit(() => 1), 1);
}));

test('before it is started and after it has stopped, it says so', async () => {
    const thread = new Tl.EventThread({name: 'late'});

    await rejects(thread.submit(() => 1), notStarted);
    await rejects(thread.submit(GLib.usleep, 1), notStarted);
    await rejects(thread.import('./work.js', import.meta.url), notStarted);
    thread.start();
    equal(await thread.submit(() => 1), 1);
    await thread.stop();
    await rejects(thread.submit(() => 1), shutDown);
    await rejects(thread.submit(GLib.usleep, 1), shutDown);
});

test('one error says that a thread was not started, whatever it would have run', async () => {
    const thread = new Tl.EventThread({name: 'late'});
    const [realm, native] = await Promise.all([() => 1, GLib.get_real_time].map(fn =>
        rejects(thread.submit(fn), notStarted)));

    equal(realm.message, native.message);
});

test('a realm that ends by itself takes its state along, and the next call says so', using(async thread => {
    const pid = await thread.submit(() => {
        globalThis.connection = {};
        setTimeout(() => imports.system.exit(9), 0);
        return imports.gi.Gio.Credentials.new().get_unix_pid();
    });

    await until(() => !isAlive(pid));
    match((await rejects(thread.submit(() => globalThis.connection.id), abandoned)).message,
        /thread \(process \d+\) ended with exit status 9; what functions had left in it has gone/);
    // Once.
    equal(await thread.submit(() => typeof globalThis.connection), 'undefined');
}));

test('options are checked', async () => {
    await rejects(Tl.EventThread.with({Name: 'x'}, () => 1), /TypeError: .* has no option Name: it is called name/);
    await rejects(Tl.EventThread.with({name: 5}, () => 1), /TypeError: Tl.EventThread: name must be a string/);
    await rejects(new Tl.EventThread().stop({wait: true}), /TypeError: stop\(\) has no option wait: .*cancelFutures/);
    equal(new Tl.EventThread({name: 'named'}).name, 'named');
});

test('stopping waits for what was accepted', async () => {
    const thread = new Tl.EventThread();
    thread.start();
    const futures = [1, 2, 3].map(x => thread.submit(y => y, x));
    await thread.stop();
    ok(futures.every(future => future.done()));
    deepEqual(await Promise.all(futures), [1, 2, 3]);
});

test('stopping can cancel what is queued', async () => {
    const thread = new Tl.EventThread();
    thread.start();

    const listener = new Gio.SocketListener();
    listener.add_any_inet_port(null);
    const going = thread.submit(Gio.SocketListener.prototype.accept, listener, null);
    await until(() => going.running());
    const queued = thread.submit(GLib.usleep, 1);
    const inRealm = thread.submit(() => {
        for (;;)
            ;
    });

    await thread.stop({cancelFutures: 'all'});
    await rejects(going, cancelled);
    await rejects(queued, cancelled);
    await rejects(inRealm, cancelled);
    await thread.stop({cancelFutures: true});
    await rejects(thread.stop(null), /TypeError: stop\(\) takes an object/);
});

test('stopping ends a function that does not end', async () => {
    const thread = new Tl.EventThread();
    thread.start();
    equal(await thread.submit(() => 1), 1);

    const endless = thread.submit(function () {
        for (this.progress(0); ;)
            ;
    });
    await hasBegun(endless);
    await thread.stop({cancelFutures: 'all'});
    await rejects(endless, cancelled);
});

test('with() stops on every way out', async () => {
    let kept;

    await rejects(Tl.EventThread.with({}, thread => {
        kept = thread;
        throw new RangeError('out');
    }), RangeError);
    ok(!kept.get_running());
});

test('a JavaScript function never gets to the thread itself', using(async thread => {
    const pid = await thread.submit(() => Number(imports.gi.GLib.file_read_link('/proc/self')));
    ok(pid !== Number(GLib.file_read_link('/proc/self')));
    match(throws(() => thread.set_thread_func(() => {}), TypeError).message, /another thread/);
}));

run();
