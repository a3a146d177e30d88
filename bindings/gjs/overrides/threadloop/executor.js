// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported init */

var {init} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Number, Object, Promise, Symbol, TypeError, imports} = globalThis;
    const {Gio, GLib} = imports.gi;
    const {Producer, refused} = imports.overrides.threadloop.future;
    const {check, count, microseconds, oneOf, text} = imports.overrides.threadloop.options;
    const work = imports.overrides.threadloop.work;

    let Tl;
    let native;

    const kind = Symbol('kind');
    const ended = Symbol('ended');

    // Contexts of this very thread are the only place but a realm where a JavaScript function may run.
    const HERE = 'here';
    const ELSEWHERE = 'elsewhere';

    // What an async function does after its first await is no task of the executor, but its future is for all of it.
    class Turn {
        #producer;
        #future;
        #settled = false;

        stuck = 'the main loop of this thread would have to run it';

        constructor(executor, fn, args) {
            this.#producer = new Producer(fn.name || null);
            this.#producer.work = this;
            this.#producer.executor = executor.get_name();
            this.#future = native.submit.call(executor, () => {
                this.#run(fn, args);
                return true;
            });
            // It is cancelled, too, when the executor is shut down.
            this.#future.catch(error => this.#settle('reject', error));
        }

        get future() {
            return this.#producer.future;
        }

        cancel() {
            const how = this.#future.cancel();

            if (how === Tl.Cancel.DONE)
                this.#settle('cancelledHere');
            return this.#settled ? how : Tl.Cancel.REQUESTED;
        }

        #run(fn, args) {
            this.#producer.running();
            try {
                const result = fn(...args);

                if (typeof result?.then === 'function') {
                    Promise.resolve(result).then(value => this.#settle('resolve', value),
                        error => this.#settle('reject', error));
                } else {
                    this.#settle('resolve', result);
                }
            } catch (error) {
                this.#settle('reject', error);
            }
        }

        #settle(how, outcome) {
            if (!this.#settled) {
                this.#settled = true;
                this.#producer[how](outcome);
            }
        }
    }

    function refuseElsewhere(executor) {
        throw new TypeError(`${executor.get_name()} runs its work in a main context of another thread, where GJS ` +
            'cannot run a JavaScript function. Take Tl.Executor.main(), or a Tl.EventThread');
    }

    const methods = {
        submit(fn, ...args) {
            const callable = work.nativeOf(fn);

            if (callable)
                return work.callNative(this, callable, args);
            if (this[kind] === HERE)
                return new Turn(this, fn, args).future;
            if (this[kind] === ELSEWHERE)
                refuseElsewhere(this);
            if (this[ended])
                return refused(work.shutDownError(this));
            return work.inRealm(this, realmsOf(this), {fn, args});
        },

        call(target, ...args) {
            return work.callNamed(this, target, args);
        },

        async import(specifier, base) {
            if (this[kind] === HERE) {
                throw new TypeError(`${this.get_name()} runs its work in this thread: ` +
                    'take the import() of the language');
            }
            if (this[kind] === ELSEWHERE)
                refuseElsewhere(this);
            return work.importModule(this, () => realmsOf(this), specifier, base);
        },

        async *map(fn, items, {bufferSize = 2 * this.get_max_workers() || 2} = {}) {
            yield* work.mapInOrder(item => this.submit(fn, item), items, bufferSize);
        },

        async shutdown(options = {}) {
            const {how, wait = true} = work.checkEnd('shutdown()', options, {wait: oneOf({true: true, false: false})});

            if (this === Tl.Executor.get_default()) {
                throw new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_SUPPORTED,
                    "The default executor is everybody's and cannot be shut down");
            }
            this[ended] = true;

            const end = Promise.all([
                shutdownNative(this, how),
                work.peekRealms(this)?.shutdown(how),
            ]);
            if (wait)
                await end;
            else
                end.catch(logError);
        },
    };

    // Of an executor of this very thread, which can do all that the language can.
    const methodsHere = {
        submit(fn, ...args) {
            return work.unlessRefused(() => methods.submit.call(this, fn, ...args),
                direct => new Turn(this, direct, []).future, () => work.directly(fn, args));
        },

        call(target, ...args) {
            return work.unlessRefused(() => methods.call.call(this, target, ...args),
                direct => new Turn(this, direct, []).future, () => work.directlyNamed(target, args));
        },
    };

    function realmsOf(executor) {
        const pool = work.realmsOf(executor, () => ({idleTimeout: executor.get_idle_timeout() / 1000}));
        const maxRealms = executor.get_max_workers();

        if (pool.maxRealms !== maxRealms)
            pool.maxRealms = maxRealms;
        return pool;
    }

    async function shutdownNative(executor, how) {
        work.shutDownNative(executor, how);
        await executor.dup_stopped();
    }

    function setUp(namespace) {
        Tl = namespace;

        const {Executor} = Tl;
        native = {
            submit: Executor.prototype.submit,
            new_for_context: Executor.new_for_context,
            _init: Executor.prototype._init,
        };

        const known = {
            maxWorkers: count,
            maxQueued: count,
            whenFull: oneOf({'Tl.WhenFull.BLOCK': Tl.WhenFull.BLOCK, 'Tl.WhenFull.FAIL': Tl.WhenFull.FAIL}),
            idleTimeout: microseconds(Number.MAX_SAFE_INTEGER, 'for never'),
            spinTime: microseconds(GLib.USEC_PER_SEC, 'for what suits the machine'),
            name: text,
            resources: work.resourceFiles,
        };

        Object.assign(Executor.prototype, methods, {
            _init(options = {}) {
                const {resources, ...others} = check('Tl.Executor', options, known);

                native._init.call(this, others);
                work.keepResources(this, resources);
            },
        });
        work.disposable(Executor.prototype,
            executor => executor.shutdown({wait: false}),
            executor => executor.shutdown());

        let main = null;

        Executor.new_for_context = function (context) {
            const executor = native.new_for_context(context);
            executor[kind] = context ? ELSEWHERE : HERE;
            if (!context)
                Object.assign(executor, methodsHere);
            return executor;
        };
        Executor.main = () => main ??= Executor.new_for_context(null);
        Executor.default = Executor.get_default;
        Executor.with = (options, body) => work.inScope('Tl.Executor', body,
            () => new Executor(options),
            executor => executor.shutdown());
    }

    return {init: setUp};
})();
