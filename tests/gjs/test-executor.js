// SPDX-License-Identifier: LGPL-2.1-or-later

// Executors: JavaScript functions in realms, modules, map and limits. How they end is in test-executor-end.js.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, fail, match, ok, rejects, run, skip, test, throws, until} from './tap.js';
import {hasBegun, Mark, stayUntil} from './realms.js';

const cancelled = error => error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);

function using(options, body) {
    return () => Tl.Executor.with(options, body);
}

test('a function runs with its arguments, in another process', using({maxWorkers: 1}, async executor => {
    equal(await executor.submit((a, b) => a + b, 1, 2), 3);
    const pid = await executor.submit(() => Number(imports.gi.GLib.file_read_link('/proc/self')));
    ok(pid !== Number(GLib.file_read_link('/proc/self')), 'it is the same process');
}));

test('each kind of function runs', using({maxWorkers: 1}, async executor => {
    const object = {
        method(x) {
            return x + 1;
        },
        async later(x) {
            return x + 2;
        },
        'its key'(x) {
            return 2 * x;
        },
        get got() {
            return 'got';
        },
        [Symbol.for('computed')](x) {
            return 2 * x;
        },
    };

    equal(await executor.submit(object.method, 1), 2);
    equal(await executor.submit(object.later, 1), 3);
    equal(await executor.submit(object['its key'], 3), 6);
    equal(await executor.submit(Object.getOwnPropertyDescriptor(object, 'got').get), 'got');
    equal(await executor.submit(object[Symbol.for('computed')], 4), 8);
    equal(await executor.submit(async x => await x, 4), 4);
    equal(await executor.submit(function (x) {
        return x;
    }, 5), 5);
}));

test('values that are no JSON arrive as what they are', using({maxWorkers: 1}, async executor => {
    const cycle = {name: 'cycle'};
    cycle.self = cycle;
    const values = [undefined, NaN, new Date(0), new Map([['a', new Set([1])]]), new Uint8Array([1, 2]), cycle,
        new GLib.Variant('s', 'v'), 12345678901234567890n];

    deepEqual(await executor.submit(x => x, values), values);
}));

test('what cannot cross is a TypeError at the call, and its path is named', using({maxWorkers: 1}, async executor => {
    match(throws(() => executor.submit(x => x, {rows: [1, {f() {}}]}), TypeError).message, /rows\[1\]\.f/);
    throws(() => executor.submit(x => x, Gio.File.new_for_path('/')), TypeError);
    throws(() => executor.submit((() => 1).bind(null)), TypeError);
    throws(() => executor.submit(class A {}), TypeError);
}));

test('a result that cannot cross rejects, and its path is named', using({maxWorkers: 1}, async executor => {
    match((await rejects(executor.submit(() => ({a: () => 1})))).message, /\ba\b/);
}));

test('what a function throws arrives with its name, message, stack and cause', using({maxWorkers: 1}, async executor => {
    const error = await rejects(executor.submit(function broken() {
        throw new RangeError('too far', {cause: new Error('no map')});
    }), RangeError);

    equal(error.message, 'too far');
    equal(error.cause.message, 'no map');
    match(error.stack, /broken/);
}));

test('a GLib.Error of a realm stays one', using({maxWorkers: 1}, async executor => {
    const error = await rejects(executor.submit(() => imports.gi.GLib.file_get_contents('/does/not/exist')), GLib.Error);

    ok(error.matches(GLib.FileError, GLib.FileError.NOENT));
}));

test('a function that is not whole is told what it lacks', using({maxWorkers: 1}, async executor => {
    const outside = 1;

    match((await rejects(executor.submit(() => outside + 1), ReferenceError)).message, /outside.*import\(\)/s);
}));

test('what only submits a result is told to leave out the parentheses', using({}, async executor => {
    const f = async () => 1;

    for (const value of [f(), [true, 'a list'], {}, 5, Gio.File.new_for_path('/'), executor.submit(f)])
        match(throws(() => executor.submit(value), TypeError).message, /not what it returns.*parentheses/);
    match(throws(() => executor.submit(), TypeError).message, /not undefined: is its name right/);
    match(throws(() => executor.submit('f'), TypeError).message, /not a string.*call\(\)/);
}));

test('what is wrong with a call is said in its own words', using({maxWorkers: 1}, async executor => {
    match(throws(() => executor.submit(Gio.SimpleAction), TypeError).message, /Gio\.SimpleAction is a class.*\.new/);
    match(throws(() => executor.call(Gio.File.new_for_path('/')), TypeError).message, /name of a method/);
    match(throws(() => executor.submit(() => import.meta.url), TypeError).message, /import\.meta/);
    match((await rejects(executor.import(5), TypeError)).message, /number/);
    match((await rejects(Tl.Executor.with(() => 1), TypeError)).message, /options/);
    match((await rejects(Tl.EventThread.with(() => 1), TypeError)).message, /options/);
    match((await rejects(Tl.Executor.main().import('./work.js', import.meta.url), TypeError)).message, /this thread/);
}));

test('anything can be thrown', using({maxWorkers: 1}, async executor => {
    const thrown = async (...args) => {
        try {
            await executor.submit(...args);
        } catch (error) {
            return error;
        }
        return 'nothing';
    };

    equal(await thrown(() => {
        throw null;
    }), null);
    equal(await thrown(() => {
        throw undefined;
    }), undefined);
    equal(Object.getPrototypeOf(await thrown(() => {
        throw Object.create(null);
    })), null);
    match((await thrown(() => {
        throw Symbol('a symbol');
    })).message, /a symbol and cannot cross/);
    match((await thrown(() => {
        throw {get message() {
            throw new Error('in a getter');
        }};
    })).message, /in a getter/);
    match((await thrown(() => {
        throw new Proxy({}, {getPrototypeOf() {
            throw new Error('in a trap');
        }});
    })).message, /in a trap/);

    const file = await thrown(() => {
        throw Object.assign(new TypeError('with a file'), {file: imports.gi.Gio.File.new_for_path('/')});
    });
    ok(file instanceof TypeError);
    equal(file.message, 'with a file');

    const cold = await thrown(() => {
        try {
            return nowhere;                             // eslint-disable-line no-undef
        } catch (error) {
            throw Object.freeze(error);
        }
    });
    ok(cold instanceof ReferenceError);
}));

test('anything can be returned', using({maxWorkers: 1}, async executor => {
    equal(await executor.submit(() => ({then: f => f(9)})), 9);
    await rejects(executor.submit(() => ({then() {
        throw new RangeError('in then');
    }})), /in then/);
    await rejects(executor.submit(() => ({get then() {
        throw new RangeError('in a getter');
    }})), /in a getter/);
    await rejects(executor.submit(() => new Proxy({}, {ownKeys() {
        throw new RangeError('in a trap');
    }})), /in a trap/);
    equal(await executor.submit(() => 'next'), 'next');
}));

test('progress of the wrong kind is told to who makes it', using({maxWorkers: 1}, async executor => {
    for (const args of [['half'], [0.5, 7], [{}]]) {
        match((await rejects(executor.submit(function (values) {
            this.progress(...values);
        }, args), TypeError)).message, /progress\(\) takes/);
    }
    await executor.submit(function () {
        this.progress(null, 'a message');
        this.progress(0.5);
        this.progress(undefined, null);
    });
}));

test('a generator is closed when a value of it cannot cross', using({maxWorkers: 1}, async executor => {
    await rejects(executor.submit(function* () {
        try {
            yield () => 1;
        } finally {
            globalThis.closed = true;
        }
    }), /value is a function/);
    ok(await executor.submit(() => globalThis.closed));
}));

test('the cancellable of a call in a realm stands for it, both ways', using({maxWorkers: 1}, async executor => {
    const spin = () => {
        for (;;)
            ;
    };
    const first = executor.submit(spin);

    ok(!first.cancellable.is_cancelled());
    await until(() => first.running());
    first.cancellable.cancel();
    await rejects(first, cancelled);

    const second = executor.submit(spin);
    const {cancellable} = second;

    second.cancel();
    ok(cancellable.is_cancelled());
    await rejects(second, cancelled);

    const third = executor.submit(() => 3);

    equal(await third, 3);
    third.cancellable.cancel();
    equal(await third, 3);
}));

test('at most max-workers realms run at a time, and as many do', using({maxWorkers: 2}, async executor => {
    const directory = GLib.dir_make_tmp('realms-XXXXXX');
    // Each says that it is there, and none goes before there are two.
    const times = await Promise.all(Array.from({length: 6}, () => executor.submit(path => {
        const {Gio: IO, GLib: G} = imports.gi;
        const begin = G.get_monotonic_time();
        const pid = Number(G.file_read_link('/proc/self'));
        const count = () => {
            const children = IO.File.new_for_path(path).enumerate_children('standard::name', 0, null);
            let n = 0;

            while (children.next_file(null) !== null)
                n++;
            children.close(null);
            return n;
        };

        G.file_set_contents(`${path}/${pid}`, '');
        while (count() < 2)
            G.usleep(1000);
        G.usleep(50000);
        return [begin, G.get_monotonic_time(), pid];
    }, directory)));

    GLib.spawn_command_line_sync(`rm -r ${directory}`);
    equal(new Set(times.map(([, , pid]) => pid)).size, 2);
    for (const [begin] of times)
        ok(times.filter(([b, e]) => b <= begin && begin < e).length <= 2, 'more than two at a time');
}));

test('a module is imported, and its functions run in realms', using({maxWorkers: 1}, async executor => {
    const work = await executor.import('./work.js', import.meta.url);

    equal(work.VERSION, 3);
    equal(await work.sum(1, 2, 3), 6);
    equal(await work.slowly('later', 5), 'later');
    const values = [];
    for await (const value of work.countdown(3))
        values.push(value);
    deepEqual(values, [3, 2, 1]);
}));

test('what stays in a realm of a module says so', using({maxWorkers: 1}, async executor => {
    const work = await executor.import('./work.js', import.meta.url);

    ok('Counter' in work && 'settings' in work);
    match(throws(() => new work.Counter(), TypeError).message, /^Counter is a class and stays in the realm/);
    match(throws(() => work.settings.depth, TypeError).message, /^settings\.compare is a function and cannot cross/);
    // Those that have nothing to do with them are not in their way.
    equal({...work}.VERSION, 3);
}));

async function withResource(fn) {
    const compiler = GLib.find_program_in_path('glib-compile-resources');
    const directory = GLib.dir_make_tmp('resources-XXXXXX');

    if (compiler === null)
        skip('there is no glib-compile-resources');
    try {
        for (const [name, text] of Object.entries({
            'all.gresource.xml': '<gresources><gresource prefix="/org/example/Test"><file>a.js</file><file>b.js</file>' +
                '</gresource></gresources>',
            'a.js': "import {two} from './b.js'; export function twice(n) { return two * n; }",
            'b.js': 'export const two = 2;',
        }))
            GLib.file_set_contents(`${directory}/${name}`, text);

        const process = Gio.Subprocess.new([compiler, `--sourcedir=${directory}`, `${directory}/all.gresource.xml`], 0);

        process.wait_check(null);
        await fn(`${directory}/all.gresource`);
    } finally {
        GLib.spawn_command_line_sync(`rm -r ${directory}`);
    }
}

test('a realm has the resources that its executor was told', () => withResource(async path => {
    const base = 'resource:///org/example/Test/main.js';

    for (const Place of [Tl.Executor, Tl.EventThread]) {
        await Place.with({name: 'packaged', resources: [path]}, async place => {
            equal(place.name, 'packaged');
            const {twice} = await place.import('./a.js', base);
            equal(await twice(21), 42);
            equal(await place.submit(async () => (await import('resource:///org/example/Test/a.js')).twice(2)), 4);
        });
    }

    await Tl.Executor.with({maxWorkers: 1, resources: []}, async executor => {
        match((await rejects(executor.import('./a.js', base))).message, /resources: \[path\]/);
    });
    throws(() => new Tl.Executor({resources: [`${path}.not`]}), GLib.Error);
    throws(() => new Tl.EventThread({resources: path}), TypeError);
    throws(() => new Tl.Executor({resources: [Gio.File.new_for_path(path)]}), TypeError);
}));

test('a module that is not there, or of which nobody says where, is an error', using({maxWorkers: 1}, async executor => {
    await rejects(executor.import('./not-there.js', import.meta.url), /not-there/);
    match((await rejects(executor.import('./work.js'), TypeError)).message, /import\.meta\.url/);
    await rejects(executor.import('work'), TypeError);
}));

test('a generator gives its values as they are asked for', using({maxWorkers: 1}, async executor => {
    const values = [];

    for await (const value of executor.submit(async function* (n) {
        for (let i = 0; i < n; i++)
            yield i;
    }, 100))
        values.push(value);
    deepEqual(values, Array.from({length: 100}, (_, i) => i));
}));

test('leaving the loop ends the generator', using({maxWorkers: 1}, async executor => {
    for await (const value of executor.submit(function* () {
        for (let i = 0; ; i++)
            yield i;
    })) {
        if (value === 5)
            break;
    }
    equal(await executor.submit(() => 'next'), 'next');
}));

test('what a generator throws ends the loop, after the values before', using({maxWorkers: 1}, async executor => {
    const values = [];

    await rejects(async () => {
        for await (const value of executor.submit(function* () {
            yield 1;
            throw new RangeError('two');
        }))
            values.push(value);
    }, /RangeError: two/);
    deepEqual(values, [1]);
}));

test('what is of no generator cannot be iterated', using({maxWorkers: 1}, async executor => {
    const iterate = async future => {
        for await (const value of future)
            fail(`there is ${value}`);
    };

    await rejects(iterate(executor.submit(() => [1, 2])), /TypeError: .* is not of a generator.*await it/);
    await rejects(iterate(executor.submit(GLib.path_get_basename, '/a')), /TypeError: .* is not of a generator/);

    const future = executor.submit(() => [1, 2]);

    deepEqual(await future, [1, 2]);
    await rejects(iterate(future), /TypeError: .* is not of a generator/);
    await iterate(executor.submit(function* () {
        return 'just that';                             // eslint-disable-line require-yield
    }));
}));

test('awaiting a generator gives what it returns', using({maxWorkers: 1}, async executor => {
    equal(await executor.submit(function* () {
        yield 1;
        yield 2;
        return 'end';
    }), 'end');
}));

test('progress of a realm shows', using({maxWorkers: 1}, async executor => {
    const gate = new Mark();
    const future = executor.submit(async function (path) {
        const {GLib: G} = imports.gi;

        this.progress(0.5, 'half');
        while (!G.file_test(path, G.FileTest.EXISTS))
            await new Promise(resolve => setTimeout(resolve, 5));
    }, gate.path);
    const {progress} = future;

    await until(() => progress.fraction === 0.5);
    equal(progress.message, 'half');
    equal(progress.state, Tl.FutureState.RUNNING);
    equal(progress.future, future);
    equal(progress.get_future(), future);
    gate.set();
    await future;
    gate.clear();
}));

test('what progress() is not told stays as it is', using({maxWorkers: 1}, async executor => {
    for (const [calls, fraction, message] of [
        [[[0.25, 'a'], [null, 'b'], [0.5]], 0.5, 'b'],
        [[[0.25, 'a'], [null]], 0.25, 'a'],
        [[[0.25, 'a'], [-1]], -1, 'a'],
        [[[null, 'only']], -1, 'only'],
    ]) {
        const future = executor.submit(function (all) {
            all.forEach(args => this.progress(...args));
        }, calls);
        const {progress} = future;

        await future;
        await until(() => progress.message === message && progress.fraction === fraction, JSON.stringify(calls));
    }
}));

test('the progress shows the end before anybody else hears of it', using({maxWorkers: 2}, async executor => {
    const watch = async future => {
        const {progress} = future;

        await future;
        equal(progress.state, Tl.FutureState.DONE);
        equal(progress.fraction, 1);
        equal(progress.message, 'all');
    };

    for (let i = 0; i < 20; i++) {
        await watch(executor.submit(function () {
            this.progress(1, 'all');
        }));
    }
    await Promise.all(Array.from({length: 200}, () => watch(executor.submit(function () {
        this.progress(0.5);
        this.progress(1, 'all');
    }))));

    const failing = executor.submit(() => {
        throw new RangeError('out');
    });
    const {progress} = failing;

    equal(await new Promise(resolve => failing.add_done_callback(() => resolve(progress.state))),
        Tl.FutureState.FAILED);
    await rejects(failing, RangeError);

    const native = executor.submit(GLib.usleep, 1);

    ok(native.progress);
    await native;
    equal(native.progress.state, Tl.FutureState.DONE);
}));

test('cancelling a queued call: it never runs', using({maxWorkers: 1}, async executor => {
    const gate = new Mark();
    const first = executor.submit(stayUntil, gate.path);
    const second = executor.submit(() => 2);

    equal(second.cancel(), Tl.Cancel.DONE);
    await rejects(second, cancelled);
    gate.set();
    await first;
    gate.clear();
}));

test('cancelling a running one asks, and it may answer', using({maxWorkers: 1}, async executor => {
    const future = executor.submit(function () {
        this.progress(0);
        while (!this.signal.aborted)
            imports.gi.GLib.usleep(1000);
        return 'asked';
    });

    await hasBegun(future);
    equal(future.cancel(), Tl.Cancel.REQUESTED);
    equal(await future, 'asked');
    equal(await executor.submit(() => 1), 1);
}));

test('one that does not answer is ended', using({maxWorkers: 1}, async executor => {
    const future = executor.submit(function () {
        this.progress(0);
        for (;;)
            ;
    });

    await hasBegun(future);
    future.cancel();
    await rejects(future, cancelled);
    ok(future.cancelled());
    equal(await executor.submit(() => 1), 1);
}));

test('result() waits for a realm without a main loop', using({maxWorkers: 1}, async executor => {
    let iterated = false;
    const id = GLib.idle_add(GLib.PRIORITY_HIGH, () => {
        iterated = true;
        return GLib.SOURCE_CONTINUE;
    });

    const gate = new Mark();
    const future = executor.submit((a, b) => a * b, 6, 7);
    equal(future.result(60000), 42);
    throws(() => executor.submit(stayUntil, gate.path).result(10),
        error => error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT));
    gate.set();
    throws(() => executor.submit(() => null.x).result(60000), TypeError);
    ok(!iterated);
    gate.clear();
    GLib.source_remove(id);
}));

test('result() and wait() sleep while a realm works', using({maxWorkers: 1}, executor => {
    const {poll} = Tl.Channel;
    const limits = [];
    const work = () => imports.gi.GLib.usleep(1000);

    Tl.Channel.poll = (channels, timeout) => {
        limits.push(timeout);
        return poll(channels, timeout);
    };
    try {
        executor.submit(work).result();
        executor.submit(work).wait();
        executor.submit(work).result(Infinity);
        ok(limits.every(timeout => timeout === -1), `there are limits: ${limits}`);
        limits.length = 0;
        executor.submit(work).result(60000);
        executor.submit(work).wait(60000, new Gio.Cancellable());
        executor.submit(work).wait(-1, new Gio.Cancellable());
        ok(limits.every(timeout => timeout > 0), `there are limits of 0: ${limits}`);
    } finally {
        Tl.Channel.poll = poll;
    }
}));

test('a realm that ends rejects its call and says how', using({maxWorkers: 1}, async executor => {
    match((await rejects(executor.submit(() => imports.system.exit(3)))).message, /3/);
    equal(await executor.submit(() => 1), 1);
}));

test('map() gives results in order', using({maxWorkers: 2}, async executor => {
    const results = [];

    for await (const result of executor.map(x => x * x, [3, 1, 2]))
        results.push(result);
    deepEqual(results, [9, 1, 4]);

    results.length = 0;
    for await (const result of executor.map(GLib.path_get_basename, ['/a/b', '/c']))
        results.push(result);
    deepEqual(results, ['b', 'c']);
}));

test('map() takes no more than it has room for', using({maxWorkers: 1}, async executor => {
    let taken = 0;

    function* items() {
        for (;;)
            yield taken++;
    }
    for await (const result of executor.map(x => x, items(), {bufferSize: 3})) {
        ok(taken <= result + 4, `${taken} were taken when ${result} came`);
        if (result === 10)
            break;
    }
}));

test('a full queue refuses', using({maxWorkers: 1, maxQueued: 1, whenFull: Tl.WhenFull.FAIL}, async executor => {
    const gate = new Mark();
    const first = executor.submit(stayUntil, gate.path);
    await until(() => first.running());
    const second = executor.submit(() => 2);
    const third = executor.submit(() => 3);

    ok((await rejects(third)).matches(Tl.Error, Tl.Error.QUEUE_FULL));
    gate.set();
    equal(await second, 2);
    gate.clear();
}));

test('a queue has the same room while the first realm starts',
    using({maxWorkers: 1, maxQueued: 2, whenFull: Tl.WhenFull.FAIL}, async executor => {
        const submit = () => Array.from({length: 5}, () => executor.submit(() => 1).then(() => 'ran', () => 'refused'));

        deepEqual(await Promise.all(submit()), ['ran', 'ran', 'ran', 'refused', 'refused']);
        deepEqual(await Promise.all(submit()), ['ran', 'ran', 'ran', 'refused', 'refused']);
    }));

test('a full queue waits for room', using({maxWorkers: 1, maxQueued: 1}, async executor => {
    deepEqual(await Promise.all([1, 2, 3, 4].map(x => executor.submit(y => y, x))), [1, 2, 3, 4]);
}));

run();
