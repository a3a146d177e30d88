// SPDX-License-Identifier: LGPL-2.1-or-later

// What a function can do that runs in a realm.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {deepEqual, equal, match, ok, rejects, run as runTests, sleep, test, throws, until} from './tap.js';
import {begin, CANCELLED, Mark, run, withPool} from './realms.js';

const {encode} = imports.overrides.threadloop.clone;
const {RealmPool} = imports.overrides.threadloop.realmPool;
const {WINDOW} = imports.overrides.threadloop.frames;

// Most tests need no realm of their own. None is to be killed since it was kept waiting for a processor.
const pool = new RealmPool({name: 'the test', maxRealms: 1, idleTimeout: -1, grace: 60000});

test('a function gives its result', async () => {
    equal(await run(pool, (a, b) => a + b, 1, 2), 3);
    equal(await run(pool, () => undefined), undefined);
    equal(await run(pool, () => {}), undefined);
    equal(await run(pool, function () {
        return arguments.length;
    }), 0);
    deepEqual(await run(pool, (...args) => args, undefined, new Map([[1, new Date(5)]]), [null]),
        [undefined, new Map([[1, new Date(5)]]), [null]]);
});

test('an async function, and its main loop', async () => {
    equal(await run(pool, async a => {
        await new Promise(resolve => imports.gi.GLib.timeout_add(0, 5, () => {
            resolve();
            return false;
        }));
        return a * 2;
    }, 21), 42);
    equal(await run(pool, () => ({then: resolve => resolve('any thenable')})), 'any thenable');
});

test('every kind of function has a source', async () => {
    const object = {
        method(a) {
            return a;
        },
        async slow(a) {
            return a;
        },
        'quoted name': a => a,
        [`computed${1}`](a) {
            return a;
        },
    };

    for (const fn of [object.method, object.slow, object['quoted name'], object.computed1, async a => a,
        function named(a) {
            return a;
        }])
        equal(await run(pool, fn, 5), 5);
    equal(await run(pool, Function('a', 'with (a) { return b; }'), {b: 5}), 5);
});

test('what cannot be sent is refused at the call', () => {
    class Private {
        #secret = 1;

        static peek(object) {
            return object.#secret;
        }
    }

    for (const [fn, why] of [
        [isNaN, /^TypeError: isNaN cannot be sent to a realm: it is a native or a bound function/],
        [(() => 1).bind(null), /native or a bound/],
        [Private, /^TypeError: Private cannot be sent to a realm: it is a class/],
        [Private.peek, /its source cannot stand on its own: .*#secret/],
        [5, /A function is needed/],
    ])
        throws(() => pool.call({fn, args: []}, {}), why);

    throws(() => pool.call({fn: a => a, args: [1, {f: isNaN}]}, {}),
        /^TypeError: args\[1\]\.f is a function and cannot cross to a realm/);
    equal(pool.nRunning + pool.nQueued, 0);
});

test('an error is what it was', async () => {
    const error = await rejects(run(pool, function failing() {
        throw Object.assign(new RangeError('too far', {cause: 'haste'}), {code: 7});
    }), RangeError);

    equal(error.message, 'too far');
    equal(error.cause, 'haste');
    equal(error.code, 7);
    match(error.stack, /failing/);

    const none = await rejects(run(pool, () => imports.gi.Gio.File.new_for_path('/nowhere').load_contents(null)));

    ok(none.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
    equal(await rejects(run(pool, () => Promise.reject('a text'))), 'a text');
    equal(await rejects(run(pool, async () => {
        throw undefined;
    })), undefined);
    equal((await rejects(run(pool, () => {
        throw Object.assign(new Error('with a function'), {fn: () => 1});
    }))).message, 'with a function');
});

test('an error has all that can cross, and lacks no more', async () => {
    const error = await rejects(run(pool, () => {
        const file = imports.gi.Gio.File.new_for_path('/');
        const inner = Object.assign(new TypeError('inner', {cause: 'haste'}), {file, place: [1]});
        const outer = Object.assign(new RangeError('outer', {cause: inner}), {file, code: 7});

        inner.outer = outer;
        throw outer;
    }), RangeError);

    deepEqual(Object.keys(error), ['code']);
    equal(error.code, 7);
    ok(error.cause instanceof TypeError);
    equal(error.cause.message, 'inner');
    equal(error.cause.cause, 'haste');
    deepEqual(error.cause.place, [1]);
    equal(error.cause.outer, error);
    ok(!('file' in error.cause));

    const several = await rejects(run(pool, () => {
        throw new AggregateError([new Error('one'), () => 2, Object.assign(new Error('three'), {f: () => 3}), 4], 'several');
    }), /several/);

    deepEqual(several.errors.map(each => each.message ?? each), ['one', 'three', 4]);

    // So long a chain of causes takes no longer than others.
    let cause = await rejects(run(pool, () => {
        throw Array.from({length: 5000}).reduce((before, _, i) => new Error(`${i}`, {cause: before}), () => 1);
    }), /4999/);

    for (let i = 4998; i > 4950; i--)
        equal((cause = cause.cause).message, `${i}`);
});

test('the stack of an error is that of the realm, wherever it is shown', async () => {
    const error = await rejects(run(pool, function inTheRealm() {
        throw new RangeError('too far', {cause: new Error('haste')});
    }), RangeError);

    match(error.stack, /^inTheRealm@realm:inTheRealm:\d+:\d+$/m);
    match(error.cause.stack, /^inTheRealm@realm:inTheRealm:/m);
    equal(Object.prototype.toString.call(error), '[object Error]');
    equal(String(error), 'RangeError: too far');

    // The one thing that logError() does not leave to anybody else is where it prints.
    const program = Gio.Subprocess.new([GLib.file_read_link('/proc/self/exe'), '-c', `
        const {decode} = imports.overrides.threadloop.clone;
        logError(decode(ARGV[0], null, true), 'shown');
    `, encode(error, 'error').text], Gio.SubprocessFlags.STDERR_PIPE);
    const [, , shown] = program.communicate_utf8(null, null);

    match(shown, /shown: RangeError: too far\ninTheRealm@realm:inTheRealm:.*Caused by: .*\ninTheRealm@realm/s);
    ok(!/clone\.js/.test(shown), shown);

    const {stack} = await rejects(run(pool, async () => {
        const {GLib: G} = await import('gi://GLib');

        throw new Error(`${G}`);
    }));

    match(stack, /@realm:a_function_without_a_name:6:/);
    match((await rejects(run(pool, {"it's a \n name"() {
        throw new Error('named');
    }}["it's a \n name"]))).stack, /@realm:it_s_a_name:/);
});

test('who names what is not there is told what to do', async () => {
    const outer = 1;
    let counter = 0;

    for (const fn of [() => outer + 1, async () => outer + 1, () => {
        counter += 1;
    }, () => {
        counter = 5;
    }]) {
        const error = await rejects(run(pool, fn), ReferenceError);

        match(error.message, /^(outer|assignment to undeclared variable counter|counter)/);
        match(error.message, /must stand on its own.*arguments.*import\(\)/);
    }
    equal(counter, 0);
});

test('a result that cannot cross is an error', async () => {
    await rejects(run(pool, () => ({rows: [{f: () => 1}]})),
        /^TypeError: result\.rows\[0\]\.f is a function and cannot cross from a realm/);
    equal(await run(pool, () => 1), 1);
});

test('import() in a function', async () => {
    equal(await run(pool, async name => (await import('gi://GLib')).default.path_get_basename(name), '/a/b'), 'b');
    equal(await run(pool, () => import('gi://Gio').then(gio => gio.default.File.new_for_path('/x').get_path())), '/x');
});

test('a module that is not where a function has looked for it', async () => {
    match((await rejects(run(pool, name => import(name), './not-there.js'))).message,
        /not-there\.js.*leaves its place behind: have executor\.import\(\)/);
    match((await rejects(run(pool, name => import(name), 'file:///nowhere/not-there.js'))).message, /not-there\.js[^.]*$/);
    match((await rejects(run(pool, name => import(name), 'resource:///not/there.js'))).message,
        /\/not\/there\.js.*new Tl\.Executor\(\{resources: \[path\]\}\)/);

    const none = await rejects(run(pool, () => imports.gi.Gio.resources_lookup_data('/not/there', 0)), GLib.Error);

    ok(none.matches(Gio.ResourceError, Gio.ResourceError.NOT_FOUND));
    match(none.message, /\/not\/there.*resources: \[path\]/);
});

async function withModule(source, fn) {
    const [file, stream] = Gio.File.new_tmp('module-XXXXXX.js');

    stream.output_stream.write_all(new TextEncoder().encode(source), null);
    stream.close(null);
    try {
        await fn(file.get_uri());
    } finally {
        file.delete(null);
    }
}

test('what a module exports', () => withModule(`
    import GLib from 'gi://GLib';
    let n = await Promise.resolve(10);
    export const version = {major: 1};
    export function next(step) { return n += step; }
    export default async () => 'default';
    export class Thing {}
    export const odd = new WeakMap();
`, async module => {
    equal(await run(pool, {module, name: 'next'}, 1), 11);
    equal(await run(pool, {module, name: 'next'}, 1), 12);
    equal(await run(pool, {module, name: 'default'}), 'default');
    await rejects(run(pool, {module, name: 'version'}), /exports no function version/);
    await rejects(run(pool, {module: `${module}x`, name: 'next'}), error => error.message.includes('module'));
    deepEqual((await pool.describe(module)).sort((a, b) => a.name < b.name ? -1 : 1), [
        {name: 'Thing', kind: 'class'},
        {name: 'default', kind: 'function'},
        {name: 'next', kind: 'function'},
        {name: 'odd', kind: 'other', why: 'odd is an instance of WeakMap and cannot cross from a realm'},
        {name: 'version', kind: 'value', value: {major: 1}},
    ]);
    await rejects(pool.describe('file:///nowhere.js'));
}));

test('what only looks like an error of GLib', async () => {
    await rejects(run(pool, () => {
        throw Object.create(imports.gi.GLib.Error.prototype);
    }));
    await rejects(run(pool, async () => {
        throw Object.create(imports.gi.GLib.Error.prototype);
    }));
    equal(await run(pool, () => 1), 1);
});

test('a function of a module that runs a main loop', () => withModule(`
    import GLib from 'gi://GLib';

    export function f() {
        const loop = new GLib.MainLoop(null, false);

        Promise.resolve().then(() => loop.quit());
        loop.run();
        return 1;
    }
`, async module => equal(await run(pool, {module, name: 'f'}), 1)));

test('a module with an error', () => withModule('export function f() {}\nnowhere();', async module => {
    match((await rejects(run(pool, {module, name: 'f'}))).message, /nowhere is not defined/);
}));

test('the task: this, or Tl.currentTask()', async () => {
    const {progress, outcome} = begin(pool, function () {
        this.progress(0.5, 'half of it');
        this.progress(null);
        return [this.signal.aborted, this.cancellable.is_cancelled()];
    });

    deepEqual(await outcome, [false, false]);
    deepEqual(progress, [[0.5, 'half of it'], [null, null]]);

    const arrow = begin(pool, async () => {
        const task = imports.gi.Tl.currentTask();

        await null;
        task.progress(1, String(imports.gi.Tl.currentTask()));
        return task.signal.reason;
    });

    equal(await arrow.outcome, undefined);
    deepEqual(arrow.progress, [[1, 'null']]);
});

test('a generator gives values, and no more than wanted', async () => {
    for (const fn of [function* (n) {
        for (let i = 0; i < n; i++)
            yield {i, made: new Date(i)};
        return 'done';
    }, async function* (n) {
        for (let i = 0; i < n; i++) {
            await null;
            yield {i, made: new Date(i)};
        }
        return 'done';
    }]) {
        const {call, values, outcome} = begin(pool, fn, 20);

        await until(() => values.length === WINDOW);
        await sleep(30);
        equal(values.length, WINDOW, 'more values than were wanted');
        call.next();
        await until(() => values.length === WINDOW + 1);
        await sleep(20);
        equal(values.length, WINDOW + 1, 'more values than were wanted');

        for (let i = 0; i < 20; i++)
            call.next();
        equal(await outcome, 'done');
        deepEqual(values, Array.from({length: 20}, (_, i) => ({i, made: new Date(i)})));
    }
});

test('a generator that fails, and one that is cancelled', async () => {
    const failing = begin(pool, function* () {
        yield 1;
        throw new Error('after one');
    });

    await rejects(failing.outcome, /after one/);
    deepEqual(failing.values, [1]);
    await rejects(begin(pool, function* () {
        yield () => 1;
    }).outcome, /value is a function/);

    const mark = new Mark();
    const endless = begin(pool, function* (path) {
        try {
            for (let i = 0; ; i++)
                yield i;
        } finally {
            imports.gi.GLib.file_set_contents(path, 'cleaned up');
        }
    }, mark.path);

    await until(() => endless.values.length > 0);
    endless.call.cancel();
    equal(await endless.outcome, CANCELLED);
    ok(mark.there);
    mark.clear();
});

test('much data, both ways', async () => {
    const bytes = new GLib.Bytes(new Uint8Array(20 << 20).map((_, i) => i * 7 ^ i >> 8));
    const numbers = new Float64Array(1 << 20).fill(1.5);
    const [same, sum, twice] = await run(pool, (a, b) => [a, b.reduce((x, y) => x + y), b.map(x => x * 2)],
        bytes, numbers);

    ok(same.equal(bytes));
    equal(sum, 1.5 * (1 << 20));
    equal(twice.at(-1), 3);
    equal((await run(pool, text => text, 'ü'.repeat(5 << 20))).length, 5 << 20);
});

test('more functions than a realm keeps', async () => {
    for (let i = 0; i < 2100; i++)
        equal(await run(pool, Function(`return ${i};`)), i);
    equal(await run(pool, Function('return 0;')), 0);
});

test('a function that runs a main loop of its own', async () => {
    equal(await run(pool, () => {
        const {GLib: G} = imports.gi;
        const loop = new G.MainLoop(null, false);

        G.timeout_add(0, 10, () => {
            loop.quit();
            return false;
        });
        loop.run();
        return 'ran';
    }), 'ran');
});

test('the same versions and search path as the program', async () => {
    imports.searchPath.push('/where/modules/are');
    imports.gi.versions.NoSuchThing = '7.0';
    await withPool({}, async own => {
        ok((await run(own, () => imports.searchPath)).includes('/where/modules/are'));
        equal(await run(own, () => imports.gi.versions.NoSuchThing), '7.0');
    });
    delete imports.gi.versions.NoSuchThing;
    imports.searchPath.pop();
});

test('what a listener throws is its own matter', async () => {
    const none = () => {
        throw new Error('This message is part of the test');
    };

    pool.call({fn: () => 1, args: []}, {resolve: none});
    pool.call({fn: () => 1, args: []}, {});
    equal(await run(pool, () => 2), 2);
});

test('the end', async () => {
    await pool.shutdown();
    deepEqual(pool.pids, []);
});

runTests();
