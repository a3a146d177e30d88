// SPDX-License-Identifier: LGPL-2.1-or-later

// Generators: who takes their values, who waits for whom, and how one ends that nobody reads to its end.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, match, ok, rejects, run, test, throws, until} from './tap.js';
import {countFds, hasBegun, hasSaid, Mark} from './realms.js';

const cancelled = error => error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
const deadlock = error => error.matches?.(Tl.Error, Tl.Error.WOULD_DEADLOCK);

function using(options, body) {
    return () => Tl.Executor.with(options, body);
}

// Runs in a realm, for ever if nobody ends it; `ended` is the path of a mark.
const endless = function* (ended) {
    try {
        this.progress(0);
        for (let i = 0; ; i++)
            yield i;
    } finally {
        imports.gi.GLib.file_set_contents(ended, 'ended');
    }
};

const count = function* (n) {
    for (let i = 0; i < n; i++)
        yield i;
    return 'end';
};

async function collect(values) {
    const all = [];

    for await (const value of values)
        all.push(value);
    return all;
}

function upTo(n) {
    return Array.from({length: n}, (_, i) => i);
}

// Waits until countAloud has made all it may. (Not an async function that returns the future: this would await it.)
function isFull(future, n = 4) {
    return hasSaid(future, n / 10);
}

const countAloud = function* (n) {
    for (let i = 0; i < n; i++) {
        this.progress((i + 1) / 10);
        yield i;
    }
};

test('result() and wait() pass over the values', using({maxWorkers: 1}, executor => {
    for (const n of [0, 3, 4, 5, 100])
        equal(executor.submit(count, n).result(), 'end');

    const future = executor.submit(count, 100);

    ok(future.wait());
    equal(future.result(), 'end');
    equal(executor.submit(count, 100).result(60000), 'end');
}));

test('wait(0) only looks, and gets there', using({maxWorkers: 1}, executor => {
    const future = executor.submit(() => 1);
    const timedOut = error => error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);

    for (;;) {
        try {
            future.wait(0);
            break;
        } catch (error) {
            ok(timedOut(error));
        }
    }
    equal(future.result(), 1);

    const values = executor.submit(count, 10);

    throws(() => values.wait(0), timedOut);
}));

test('so does a callback', using({maxWorkers: 1}, async executor => {
    equal(await new Promise(resolve =>
        executor.submit(count, 100).add_done_callback(future => resolve(future.result()))), 'end');
}));

test('waiting for a generator that waits for this thread is noticed', using({maxWorkers: 1}, async executor => {
    const future = executor.submit(count, 10);
    const values = future[Symbol.asyncIterator]();

    throws(() => future.result(), deadlock);
    throws(() => future.wait(60000), deadlock);
    deepEqual(await collect(values), upTo(10));
    equal(await future, 'end');
}));

test('so is waiting for what is queued behind one', using({maxWorkers: 1}, async executor => {
    const generator = executor.submit(count, 10);
    const behind = executor.submit(() => 'behind');

    throws(() => behind.result(), deadlock);
    deepEqual(await collect(generator), upTo(10));
    equal(behind.result(), 'behind');
}));

test('a full queue behind one is noticed', using({maxWorkers: 1, maxQueued: 2}, async executor => {
    const values = executor.submit(count, 10)[Symbol.asyncIterator]();

    equal((await values.next()).value, 0);

    const behind = [1, 2].map(i => executor.submit(x => x, i));

    match((await rejects(executor.submit(() => 3), deadlock)).message, /generators have all workers/);
    deepEqual(await collect(values), upTo(10).slice(1));
    deepEqual(await Promise.all(behind), [1, 2]);
    equal(await executor.submit(() => 3), 3);
}));

test('where others have an end, a full queue waits for that', using({maxWorkers: 2, maxQueued: 2}, async executor => {
    const futures = [];

    for await (const value of executor.submit(count, 20))
        futures.push(executor.submit(x => x, value));
    deepEqual(await Promise.all(futures), upTo(20));
}));

test('one that nobody reads ends with its executor', async () => {
    const ended = new Mark();
    let future;

    await Tl.Executor.with({maxWorkers: 1}, executor => {
        future = executor.submit(endless, ended.path);
    });
    ok(future.cancelled());
    await rejects(future, cancelled);
    ok(ended.there);
    ended.clear();
});

test('one that waited for long before ends, too, and those behind it run', async () => {
    const executor = new Tl.Executor({maxWorkers: 1});
    const future = executor.submit(countAloud, 10);

    await isFull(future);

    const behind = [executor.submit(() => 1), executor.submit(count, 3)];

    await executor.shutdown();
    ok(future.cancelled());
    deepEqual(await Promise.all(behind), [1, 'end']);
});

test('one that is read while its executor is shut down gives all it has', async () => {
    const executor = new Tl.Executor({maxWorkers: 3});
    const begun = executor.submit(count, 50)[Symbol.asyncIterator]();

    equal((await begun.next()).value, 0);

    const [later, queued] = [executor.submit(count, 50), executor.submit(count, 50)];
    const closed = executor.shutdown();

    deepEqual(await Promise.all([collect(begun), collect(later), collect(queued)]),
        [upTo(50).slice(1), upTo(50), upTo(50)]);
    await closed;
});

test('one that is awaited when its executor is shut down runs to its end', async () => {
    const executor = new Tl.Executor({maxWorkers: 1});
    const future = executor.submit(count, 50);
    const outcome = future.then(value => value);

    await executor.shutdown();
    equal(await outcome, 'end');
});

test('shutdown({cancelFutures: true}) ends one that waits for its reader', async () => {
    const executor = new Tl.Executor({maxWorkers: 1});
    const stream = executor.submit(countAloud, 10);
    const values = stream[Symbol.asyncIterator]();

    equal((await values.next()).value, 0);
    await isFull(stream, 5);
    await executor.shutdown({cancelFutures: true});
    ok(stream.cancelled());

    const rest = [];

    await rejects(async () => {
        for await (const value of values)
            rest.push(value);
    }, cancelled);
    deepEqual(rest, [1, 2, 3, 4]);
});

test('that does not end one whose reader takes what there is', async () => {
    const executor = new Tl.Executor({maxWorkers: 1});
    const gate = new Mark();
    const values = executor.submit(async function* (path) {
        const {GLib: G} = imports.gi;

        yield 0;
        yield 1;
        while (!G.file_test(path, G.FileTest.EXISTS))
            await new Promise(resolve => setTimeout(resolve, 1));
        yield 2;
    }, gate.path)[Symbol.asyncIterator]();

    equal((await values.next()).value, 0);

    const closed = executor.shutdown({cancelFutures: true});

    gate.set();
    deepEqual(await collect(values), [1, 2]);
    await closed;
    gate.clear();
});

test('stop() ends one that nobody reads', async () => {
    const ended = new Mark();

    await Tl.EventThread.with({}, async thread => {
        thread.submit(endless, ended.path);
        // It has its realm to itself only while it runs.
        equal(await thread.submit(() => 1), 1);
    });
    ok(ended.there);
    ended.clear();
});

test('cancelling ends one, and leaving the loop does', using({maxWorkers: 1}, async executor => {
    const ended = [new Mark(), new Mark()];
    const future = executor.submit(endless, ended[0].path);

    await hasBegun(future);
    future.cancel();
    await rejects(future, cancelled);
    for await (const value of executor.submit(endless, ended[1].path)) {
        if (value === 10)
            break;
    }
    equal(await executor.submit(() => 1), 1);
    ok(ended.every(({there}) => there));
    ended.forEach(mark => mark.clear());
}));

// What is let go of in functions of their own, since the engine may find what is still on the stack.
const letGo = {
    'unread': (executor, path) => {
        executor.submit(endless, path);
    },
    'read by half': async (executor, path) => {
        await executor.submit(endless, path)[Symbol.asyncIterator]().next();
    },
    'with its progress': async (executor, path) => {
        const future = executor.submit(endless, path);

        await hasBegun(future);
        await future[Symbol.asyncIterator]().next();
    },
    'with a cancellable': async (executor, path) => {
        const future = executor.submit(endless, path);

        future.cancellable.is_cancelled();
        for (const values = future[Symbol.asyncIterator](); (await values.next()).value < 10;)
            ;
    },
};

for (const [how, use] of Object.entries(letGo)) {
    test(`one whose reader was collected ends: ${how}`, using({maxWorkers: 1}, async executor => {
        const ended = new Mark();

        await use(executor, ended.path);
        // Nobody collects garbage here but the pool, which has something to do.
        equal(await executor.submit(() => 'behind'), 'behind');
        ok(ended.there);
        ended.clear();
    }));

    test(`shutdown() does not wait for one whose reader was collected: ${how}`, async () => {
        const ended = new Mark();

        await Tl.Executor.with({maxWorkers: 1}, executor => use(executor, ended.path));
        ok(ended.there);
        ended.clear();
    });
}

function collectGarbage() {
    imports.system.gc();
    return new Promise(resolve => GLib.idle_add(GLib.PRIORITY_LOW, () => {
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
}

test('nor does it, where another realm has to end first', async () => {
    const executor = new Tl.Executor({maxWorkers: 2});
    const gates = [new Mark(), new Mark()];
    const ended = new Mark();
    const meet = (mine, others) => {
        imports.gi.GLib.file_set_contents(mine, 'here');
        while (!imports.gi.GLib.file_test(others, imports.gi.GLib.FileTest.EXISTS))
            imports.gi.GLib.usleep(1000);
    };

    await Promise.all([executor.submit(meet, gates[0].path, gates[1].path),
        executor.submit(meet, gates[1].path, gates[0].path)]);
    await letGo['read by half'](executor, ended.path);
    await executor.shutdown();
    ok(ended.there);
    [...gates, ended].forEach(mark => mark.clear());
});

test('what was sent ahead to its realm does not wait for it, either', using({maxWorkers: 1}, async executor => {
    const ended = new Mark();
    const one = () => 1;

    // So many calls that take no time that further ones are sent ahead.
    await Promise.all(Array.from({length: 1000}, () => executor.submit(one)));

    const begin = () => {
        const before = executor.submit(one);

        executor.submit(endless, ended.path);
        return [before, executor.submit(one), executor.submit(one)];
    };

    deepEqual(await Promise.all(begin()), [1, 1, 1]);
    ok(ended.there);
    ended.clear();
}));

test('one whose end is awaited needs no reader', using({maxWorkers: 1}, async executor => {
    const gate = new Mark();
    const awaitEnd = async () => {
        const future = executor.submit(function* (path) {
            yield* [1, 2, 3, 4].map(i => {
                this.progress(i / 10);
                return i;
            });
            while (!imports.gi.GLib.file_test(path, imports.gi.GLib.FileTest.EXISTS))
                imports.gi.GLib.usleep(1000);
            return 'end';
        }, gate.path);

        await isFull(future);
        return [future.then(end => end)];
    };
    const [end] = await awaitEnd();

    for (let i = 0; i < 5; i++)
        await collectGarbage();
    gate.set();
    equal(await end, 'end');
    gate.clear();
}));

test('its progress is the same before and after it waits, and knows of the end', using({maxWorkers: 1}, async executor => {
    const future = executor.submit(countAloud, 10);
    const {progress} = future;

    await isFull(future);
    equal(future.progress, progress);
    equal(progress.future, future);

    const other = executor.submit(count, 10);

    equal(await future, undefined);
    equal(progress.state, Tl.FutureState.DONE);
    // One that nobody has asked for until it waits.
    equal(await other, 'end');
    equal(other.progress.future, other);
    equal(other.progress.state, Tl.FutureState.DONE);
}));

test('one that is awaited may be read after that, and is let go of all the same', using({maxWorkers: 1}, async executor => {
    const ended = new Mark();
    const use = async () => {
        const future = executor.submit(endless, ended.path);

        await hasBegun(future);
        future.catch(() => {});
        await future[Symbol.asyncIterator]().next();
    };

    await use();
    equal(await executor.submit(() => 'behind'), 'behind');
    ok(ended.there);
    ended.clear();
}));

test('one that somebody has, but has not looked at, stays', using({maxWorkers: 1}, async executor => {
    const future = executor.submit(countAloud, 10);

    await isFull(future);
    for (let i = 0; i < 5; i++)
        await collectGarbage();
    deepEqual(await collect(future), upTo(10));
}));

test('one goes on for its iterator, when its future was collected', using({maxWorkers: 2}, async executor => {
    const readers = [1, 2].map(() => executor.submit(count, 300)[Symbol.asyncIterator]());

    for (let i = 0; i < 300; i++) {
        if (i % 50 === 0)
            imports.system.gc();
        for (const reader of readers)
            equal((await reader.next()).value, i);
    }
}));

test('one that was read or awaited leaves no descriptor', using({maxWorkers: 1}, async executor => {
    const kept = [];
    const use = async () => {
        const stream = executor.submit(countAloud, 10);

        await isFull(stream);
        deepEqual(await collect(stream), upTo(10));

        const awaited = executor.submit(countAloud, 10);

        await isFull(awaited);
        equal(await awaited, undefined);
        kept.push(awaited);

        for await (const value of executor.submit(count, 100)) {
            if (value === 10)
                break;
        }
    };

    await use();

    const n = countFds();

    for (let i = 0; i < 20; i++)
        await use();
    await until(() => countFds() <= n);
}));

test('other iterators are values, and say why they do not cross', using({maxWorkers: 1}, async executor => {
    for (const fn of [() => [1].values(), () => new Map([[1, 2]]).entries(), () => 'text'[Symbol.iterator]()])
        await rejects(executor.submit(fn), /TypeError: result is .* cannot cross from a realm/);
    await rejects(executor.submit(() => ({next: () => ({done: true}), [Symbol.iterator]() {
        return this;
    }})), /TypeError: result\.next is a function/);
}));

run();
