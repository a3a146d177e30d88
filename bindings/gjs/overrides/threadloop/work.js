// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported init, nativeOf, callNative, callNamed, unlessRefused, directly, directlyNamed, inRealm, realmsOf, peekRealms,
   resourceFiles, keepResources, importModule, mapInOrder, inScope, checkEnd, shutDownNative, disposable,
   shutDownError */

// What executors and event threads have in common: native functions run on their threads, JavaScript functions in their
// realms.

var {
    init, nativeOf, callNative, callNamed, unlessRefused, directly, directlyNamed, inRealm, realmsOf, peekRealms,
    resourceFiles, keepResources, importModule, mapInOrder, inScope, checkEnd, shutDownNative, disposable,
    shutDownError,
} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Array, Object, ReferenceError, Symbol, TypeError, imports} = globalThis;
    const {Gio, GLib} = imports.gi;
    const {Producer, refused} = imports.overrides.threadloop.future;
    const native = imports.overrides.threadloop.native;
    const {check, oneOf} = imports.overrides.threadloop.options;

    const {callNative} = native;

    let Tl;

    const STUCK = 'generators have all workers, and wait for this thread to take their values';

    const realms = Symbol('realms');
    const resources = Symbol('resources');

    /** The function of C behind `fn`, null for a function that is written in JavaScript. */
    function nativeOf(fn) {
        if (typeof fn === 'function') {
            if (fn.$gtype !== undefined) {
                const name = fn.name.replace('_', '.');

                throw new TypeError(`submit() takes a function, and ${name} is a class: take one of its functions, ` +
                    `such as ${name}.new`);
            }
            return native.lookUp(fn);
        }
        throw new TypeError(whyNoFunction(fn));
    }

    // Most of the time it is what a function gave that was called then and there.
    function whyNoFunction(value) {
        const parentheses = 'leave out its parentheses, and give its arguments to submit()';

        if (value === undefined || value === null)
            return `submit() takes a function, not ${value}: is its name right? If so, ${parentheses}`;
        if (typeof value === 'string')
            return `submit() takes a function, not a string: ${parentheses}; call() takes a function's name`;
        return `submit() takes a function, not what it returns: ${parentheses}`;
    }

    /** `call(object, 'method', ...)` or `call('Namespace.function', ...)`. */
    function callNamed(executor, target, args) {
        if (typeof target === 'string')
            return callNative(executor, native.lookUpName(target), args);

        const [name, ...rest] = args;
        if (typeof name !== 'string')
            throw new TypeError(`call() takes an object and the name of a method: call(object, 'name', ...)`);
        return callNative(executor, native.lookUpMethod(target, name), [target, ...rest]);
    }

    /**
     * Runs `call()`, or gives `here` what does the same as the language itself does it, for what a worker cannot do and
     * this thread can.
     */
    function unlessRefused(call, here, direct) {
        try {
            return call();
        } catch (error) {
            const fn = native.isRefusal(error) ? direct() : null;

            if (fn === null)
                throw error;
            return here(fn);
        }
    }

    /** How the language calls the native function `fn`: a method, which says so in its text, is one of its first argument. */
    function directly(fn, args) {
        const [object, ...rest] = args;

        return /^method /.test(`${fn}`) ? () => fn.call(object, ...rest) : () => fn(...args);
    }

    /** The same for what callNamed() takes; null if it is nothing that the language has. */
    function directlyNamed(target, args) {
        if (typeof target !== 'string') {
            const [name, ...rest] = args;

            return typeof target[name] === 'function' ? () => target[name](...rest) : null;
        }

        const [namespace, ...path] = target.split('.');
        const name = path.pop();
        const holder = name !== undefined ? path.reduce((found, key) => found?.[key], imports.gi[namespace]) : null;

        if (typeof holder?.[name] === 'function')
            return () => holder[name](...args);
        return typeof holder?.prototype?.[name] === 'function' ? () => args[0][name](...args.slice(1)) : null;
    }

    // Many programs have none, and do not read what it takes.
    function makePool(place, options) {
        const {RealmPool} = imports.overrides.threadloop.realmPool;

        return new RealmPool({name: place.get_name(), resources: place[resources] ?? [], ...options()});
    }

    // A file that is not there is an error here and now, rather than of each realm.
    function checkResource(path) {
        if (typeof path !== 'string')
            throw new TypeError('resources must be a list of the paths of files with resources');
        Gio.Resource.load(path);
        return GLib.canonicalize_filename(path, null);
    }

    /** Of the options of a place, what its realms register before anything else. */
    function resourceFiles(paths) {
        if (!Array.isArray(paths))
            throw new TypeError('resources must be a list of the paths of files with resources');
        return paths.map(checkResource);
    }

    function keepResources(place, files) {
        if (files !== undefined)
            place[resources] = files;
    }

    /** The pool of realms of an executor or an event thread. */
    function realmsOf(place, options) {
        return place[realms] ??= makePool(place, options);
    }

    function peekRealms(place) {
        return place[realms];
    }

    function shutDownError(place) {
        return new GLib.Error(Tl.Error, Tl.Error.SHUT_DOWN, `${place.get_name()} was shut down and takes no more work`);
    }

    // A queue with a limit is as full for realms as it is for threads.
    function makeRoom(place, pool) {
        const limit = place.get_max_queued?.();

        while (limit && pool.nWaiting >= limit) {
            if (place.get_when_full() === Tl.WhenFull.FAIL) {
                return new GLib.Error(Tl.Error, Tl.Error.QUEUE_FULL,
                    `${place.get_name()} has ${limit} tasks queued, which is its limit`);
            }
            if (pool.isStuck) {
                return new GLib.Error(Tl.Error, Tl.Error.WOULD_DEADLOCK,
                    `${place.get_name()} has ${limit} tasks queued, which is its limit, for ever: ${STUCK}`);
            }
            pool.pump(-1);
        }
        return null;
    }

    /** The side of a call to a realm that settles its future. */
    class RealmProducer extends Producer {
        fn = null;

        reject(error) {
            super.reject(error instanceof ReferenceError ? native.hint(error, this.fn) : error);
        }
    }

    function startCall(pool, spec, producer) {
        try {
            return pool.call(spec, producer);
        } catch (error) {
            throw native.hint(error, spec.fn, spec.args);
        }
    }

    /** What a future has to do with the call that settles it. */
    class Work {
        #pool;
        #call;

        constructor(pool, call) {
            this.#pool = pool;
            this.#call = call;
        }

        cancel() {
            const how = this.#call.cancel();

            return how === 'queued' ? Tl.Cancel.DONE : how === 'asked' ? Tl.Cancel.REQUESTED : Tl.Cancel.TOO_LATE;
        }

        pump(milliseconds) {
            this.#pool.pump(milliseconds);
        }

        /** Why waiting for it in this thread would never end, or null. */
        get stuck() {
            return this.#call.waits !== null || (!this.#call.running && this.#pool.isStuck) ? STUCK : null;
        }

        next() {
            this.#call.next();
        }

        waitsForReader() {
            this.#call.waitsForReader();
        }
    }

    /** Runs `spec`, a function or one of a module, in a realm of `pool`. */
    function inRealm(place, pool, spec) {
        const full = makeRoom(place, pool);
        if (full)
            return refused(full);

        const producer = new RealmProducer(spec.fn?.name || spec.name || null);

        producer.fn = spec.fn;
        producer.executor = pool.name;

        const call = startCall(pool, spec, producer);

        if (call.running)
            producer.running();
        producer.work = new Work(pool, call);
        return producer.future;
    }

    /** The functions of a module, each of which runs in a realm of `pool()`. */
    async function importModule(place, pool, specifier, base) {
        const module = resolveModule(specifier, base);
        const api = {};

        for (const {name, kind, value, why} of await pool().describe(module)) {
            if (kind === 'function')
                api[name] = (...args) => inRealm(place, pool(), {module, name, args});
            else if (kind === 'value')
                api[name] = value;
            else
                Object.defineProperty(api, name, {get: () => refuseExport(name, kind, why)});
        }
        return Object.freeze(api);
    }

    function refuseExport(name, kind, why) {
        throw new TypeError(kind === 'class' ? `${name} is a class and stays in the realm: export a function that uses it`
            : `${why}: export a function that uses it`);
    }

    function resolveModule(specifier, base) {
        if (typeof specifier !== 'string')
            throw new TypeError(`import() takes the path or the URI of a module, not a ${typeof specifier}`);
        if (/^(file|resource):/.test(specifier))
            return specifier;
        if (specifier.startsWith('/'))
            return GLib.filename_to_uri(specifier, null);
        if (!/^\.\.?\//.test(specifier)) {
            throw new TypeError('import() takes a path that begins with ./, ../ or /, or a file: or resource: URI, ' +
                `not '${specifier}'`);
        }
        if (typeof base !== 'string') {
            throw new TypeError(`import('${specifier}') needs to know from where: ` +
                `import('${specifier}', import.meta.url)`);
        }

        const from = base.startsWith('/') ? GLib.filename_to_uri(base, null) : base;

        return GLib.Uri.resolve_relative(from, specifier, GLib.UriFlags.NONE);
    }

    /**
     * Gives the results of `submit(item)` in the order of `items`, with at most `size` that run or wait to be taken.
     */
    async function* mapInOrder(submit, items, size) {
        const futures = [];

        try {
            for await (const item of items) {
                futures.push(submit(item));
                if (futures.length >= size)
                    yield await futures.shift();
            }
            while (futures.length)
                yield await futures.shift();
        } finally {
            for (const future of futures) {
                future.catch(() => {});
                future.cancel();
            }
        }
    }

    /** The `with()` of executors and event threads: the place that `make()` gives ends with the body. */
    async function inScope(what, body, make, end) {
        if (typeof body !== 'function')
            throw new TypeError(`${what}.with() takes options, which may be {}, and a function`);

        const place = make();
        try {
            return await body(place);
        } finally {
            await end(place);
        }
    }

    /** The options of `shutdown()` and `stop()`; `how` is what becomes of accepted work. */
    function checkEnd(what, options, others = {}) {
        const {cancelFutures = false, ...rest} = check(what, options, {
            cancelFutures: oneOf({true: true, false: false, "'all'": 'all'}),
            ...others,
        });

        return {...rest, how: cancelFutures === 'all' ? 'cancel-all' : cancelFutures ? 'cancel-queued' : 'drain'};
    }

    // Without a callback, which GJS 1.74 may lose (see tl-again.c): there are futures of the end.
    function shutDownNative(executor, how) {
        executor.shutdown_async(Tl.Shutdown[how.replace('-', '_').toUpperCase()], null, null);
    }

    /** For `using` and `await using`, where the engine has them. */
    function disposable(prototype, dispose, disposeAsync) {
        if (Symbol.dispose) {
            prototype[Symbol.dispose] = function () {
                dispose(this);
            };
        }
        if (Symbol.asyncDispose) {
            prototype[Symbol.asyncDispose] = async function () {
                await disposeAsync(this);
            };
        }
    }

    function setUp(namespace) {
        Tl = namespace;
    }

    return {
        init: setUp, nativeOf, callNative, callNamed, unlessRefused, directly, directlyNamed, inRealm, realmsOf,
        peekRealms, resourceFiles, keepResources, importModule, mapInOrder, inScope, checkEnd, shutDownNative,
        disposable, shutDownError,
    };
})();
