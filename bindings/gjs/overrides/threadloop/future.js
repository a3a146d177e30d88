// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported init, onResult, Producer, refused, microseconds, schedule, unschedule */

// Futures are the library's, and thenable. What JavaScript has to know of one is kept with it.

var {init, onResult, Producer, refused, microseconds, schedule, unschedule} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Map, Math, Number, Object, Promise, Symbol, TypeError, imports} = globalThis;
    const {Gio, GLib, GObject} = imports.gi;
    const {listen: listenTo} = imports.overrides.threadloop.frames;
    const {Stream} = imports.overrides.threadloop.stream;

    let Tl;
    let native;     // the methods of the typelib that are replaced here

    // Where a future keeps the parts that the library does not have. One that C hands out twice has two wrappers and
    // two of these, and both are told. (A WeakMap would cost several times as much.)
    const details = Symbol('details');

    // Where the future of a generator keeps the end of a channel whose other end hears when it was collected. (GJS 1.74
    // neither clears weak references nor tells of what was collected.)
    const lifeline = Symbol('lifeline');

    // Where a future keeps its progress, which keeps the future in turn.
    const shown = Symbol('shown');

    // Futures that somebody waits for, and functions whose time is to come, by their tags in the inbox. It takes the
    // place of the sources of GLib, which GJS 1.74 removes without having called their function: see tl-again.c.
    const awaited = new Map();
    let lastTag = 0;
    let lastId = 0;
    let inbox = null;

    // In milliseconds: how often a cancellable is looked at where nobody tells of it.
    const GLANCE = 50;

    class Details {
        convert = null;     // (value) => value, of a result that comes from C
        outcome = null;     // {value} or {error}, of work that was done in JavaScript
        work = null;        // what goes on in a realm: see Work, in work.js, and Turn, in executor.js
        self = null;        // the wrapper that work settles
        stream = null;      // of a generator, when there are values or somebody wants some
        handle = null;      // hears when nobody can read that stream any more
        drained = false;    // somebody wants the end, and not the values
        single = false;     // it has turned out to be of no generator
        listeners = null;   // {onFulfilled, onRejected, resolve, reject} of then(), {callback, id}
        followed = false;   // its cancellable, by what goes on in a realm
        progress = null;    // to see whether what is shown is up to date
        late = false;       // that was behind, and is waited for
    }

    function detailsOf(future) {
        return future[details] ??= new Details();
    }

    /** Says how the result of a native call becomes what JavaScript expects. */
    function onResult(future, convert) {
        detailsOf(future).convert = convert;
        return future;
    }

    // Anything can be thrown, also what has no text.
    function textOf(error) {
        try {
            return String(error);
        } catch {
            return 'Something was thrown that is no error';
        }
    }

    function toGError(error) {
        return error instanceof GLib.Error ? error : new GLib.Error(Tl.Error, Tl.Error.FAILED, textOf(error));
    }

    function stackOf(error) {
        const stack = error?.stack;

        return typeof stack === 'string' && stack !== '' ? stack.trimEnd() : null;
    }

    /** A future that has failed before anything began. */
    function refused(error) {
        const producer = new Producer(null);

        producer.reject(error);
        return producer.future;
    }

    /**
     * The side of a future that settles it, from JavaScript and with any value. It is what a call to a realm tells.
     *
     * The `work` may be given later, before anybody can have seen the future.
     */
    class Producer {
        #name;
        #its;
        #fraction = null;
        #message = null;

        /** The name of what runs the work, for the report of an error that nobody has looked at. */
        executor = null;

        constructor(name) {
            const future = Tl.Future.new(name);

            this.#name = name;
            this.#its = detailsOf(future);
            this.#its.self = future;
        }

        /** To give out. It is not always the same; see waitForReader(). */
        get future() {
            return this.#its.self;
        }

        set work(work) {
            this.#its.work = work;
        }

        running() {
            this.#its.self.set_running();
        }

        progress(fraction, message) {
            this.#fraction = fraction ?? this.#fraction;
            this.#message = message ?? this.#message;
            this.#its.self.set_progress(this.#fraction ?? -1, this.#message);
        }

        value(value) {
            streamOf(this.#its).push(value);
        }

        waits() {
            return this.#its.stream?.waits ?? null;
        }

        resolve(value, isOfGenerator) {
            const its = this.#its;

            its.single = !isOfGenerator;
            its.outcome = {value};
            its.self.set_done();
            this.#settled();
        }

        reject(error) {
            const its = this.#its;

            its.outcome = {error};
            if (this.executor !== null)
                its.self.set_origin(this.executor, stackOf(error));
            its.self.set_error(toGError(error));
            this.#settled();
        }

        cancelled() {
            this.reject(this.#makeCancelled());
        }

        /** By who has called in here, and does not expect to be called back now. */
        cancelledHere() {
            const its = this.#its;
            const error = this.#makeCancelled();

            its.outcome = {error};
            its.self.set_error(error);
            if (its.listeners)
                tellLater(its.self);
        }

        #makeCancelled() {
            return new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED,
                `${this.#name ?? 'The work'} was cancelled`);
        }

        #settled() {
            const its = this.#its;

            its.handle?.close();
            its.stream?.end(its.single ? {error: notIterable(its.self)} : its.outcome);
            if (its.listeners)
                tellWithProgress(its.self, its);
        }
    }

    function notIterable(future) {
        const name = future.get_name() ?? 'The future';

        return new TypeError(`${name} is not of a generator and gives one result: await it`);
    }

    function streamOf(its) {
        if (!its.stream) {
            its.stream = new Stream({
                ask: () => its.work.next(),
                cancel: () => its.work.cancel(),
                told: () => its.self.get_error(),
                full: () => waitForReader(its),
            });
            if (its.outcome)
                its.stream.end(its.outcome);
            else if (its.drained)
                its.stream.drain();
        }
        return its.stream;
    }

    // From here on, what was given out is kept by those alone who may read. When they have gone, the generator ends.
    function waitForReader(its) {
        its.work.waitsForReader();
        if (its.handle !== null)
            return;

        const channel = Tl.Channel.new();
        const {self} = its;

        its.handle = Tl.Channel.new_for_fd(channel.take_peer());
        listenTo(its.handle, () => its.outcome ?? its.work.cancel());
        its.self = self.ref();
        its.self[details] = its;
        watchProgress(its);
        self[lifeline] = channel;
        its.stream.letGo(channel);
    }

    // The one that is shown keeps what was given out, and must not be kept for that generator.
    function watchProgress(its) {
        if (its.progress)
            its.progress = Tl.Progress.new(its.self);
    }

    // The end is all that is wanted, so that nobody needs to be able to read: as before that.
    function waitForNobody(its, future) {
        its.handle.close();
        its.handle = null;
        its.self = future;
        its.progress = future[shown] ?? null;
        future[lifeline].close();
        future[lifeline] = null;
        its.stream.keep();
    }

    function drain(future, its) {
        its.drained = true;
        its.stream?.drain();
        if (future[lifeline] && its.stream.passesOver)
            waitForNobody(its, future);
    }

    // The result of a future that has settled.
    function outcomeOf(future) {
        const {outcome, convert} = detailsOf(future);

        if (!outcome) {
            const value = future.dup_value();
            return convert ? convert(value) : value ?? undefined;
        }

        // Whoever has the error has been told of it, so that nobody else has to be.
        const error = future.get_error();
        if (error)
            throw 'error' in outcome ? outcome.error : error;
        return outcome.value;
    }

    function look() {
        for (const tag of inbox.take()) {
            const waiting = awaited.get(tag);
            awaited.delete(tag);
            if (typeof waiting === 'function')
                callLater(waiting);
            else if (waiting !== undefined)
                tellAfterProgress(waiting, detailsOf(waiting));
        }
    }

    function callLater(fn) {
        try {
            fn();
        } catch (error) {
            logError(error);
        }
    }

    function makeTag(waiting) {
        inbox ??= Tl.Inbox.new(look);
        do
            lastTag = (lastTag + 1) >>> 0;
        while (lastTag === 0 || awaited.has(lastTag));
        awaited.set(lastTag, waiting);
        return lastTag;
    }

    // Once it has settled.
    function tellLater(future) {
        const tag = makeTag(future);

        inbox.add(future, tag);
    }

    /** Calls `fn` in so many milliseconds, from the main loop. Gives what unschedule() takes, which is never 0. */
    function schedule(milliseconds, fn) {
        const tag = makeTag(fn);
        inbox.add_timeout(milliseconds, tag);
        return tag;
    }

    function unschedule(tag) {
        awaited.delete(tag);
    }

    // Who watches the progress has seen the end before anybody else hears of it: it comes the same way, and first.
    function tellWithProgress(future, its) {
        if (its.progress)
            tellLater(future);
        else
            tellListeners(future, its);
    }

    // What is on its way already takes along what is added, and is before it then. The next time it is behind.
    function tellAfterProgress(future, its) {
        if (its.progress && !its.late && its.progress.get_state() !== future.get_state()) {
            its.late = true;
            tellLater(future);
        } else {
            tellListeners(future, its);
        }
    }

    // It comes from the main loop, so that functions can be called here and now. A promise between them and this would
    // be one more job for each await.
    function tellListeners(future, its) {
        const {listeners} = its;
        let failed = false;
        let outcome;

        its.listeners = null;
        for (const {callback} of listeners) {
            try {
                callback?.(future);
            } catch (error) {
                logError(error, `A callback of ${future.get_name() ?? 'a future'}`);
            }
        }
        if (listeners.every(({callback}) => callback))
            return;

        try {
            outcome = outcomeOf(future);
        } catch (error) {
            outcome = error;
            failed = true;
        }
        for (const {callback, onFulfilled, onRejected, resolve, reject} of listeners) {
            if (callback)
                continue;

            const handler = failed ? onRejected : onFulfilled;

            if (typeof handler !== 'function') {
                (failed ? reject : resolve)(outcome);
                continue;
            }
            try {
                resolve(handler(outcome));
            } catch (error) {
                reject(error);
            }
        }
    }

    function listen(future, listener) {
        const its = detailsOf(future);

        if (its.listeners) {
            its.listeners.push(listener);
            return;
        }
        its.listeners = [listener];
        if (its.work && !its.outcome) {
            drain(future, its);
            return;
        }
        tellLater(future);
    }

    function wouldDeadlock(future, why) {
        const name = future.get_name() ?? 'The future';

        return new GLib.Error(Tl.Error, Tl.Error.WOULD_DEADLOCK,
            `${name} would not settle while this thread waits: ${why}`);
    }

    function microseconds(milliseconds) {
        if (typeof milliseconds !== 'number' || Number.isNaN(milliseconds))
            throw new TypeError('timeout must be a number of milliseconds');
        return milliseconds < 0 || milliseconds === Infinity ? -1 : Math.ceil(milliseconds * 1000);
    }

    // Waits without a main loop. What a realm says is read here and now; nothing else runs.
    function waitFor(future, milliseconds, cancellable) {
        const its = detailsOf(future);
        const {work, outcome} = its;

        if (!work || outcome)
            return native.wait.call(future, microseconds(milliseconds), cancellable);

        const time = microseconds(milliseconds);
        const end = GLib.get_monotonic_time() + time;

        if (time !== 0)
            drain(future, its);
        while (!future.done()) {
            const left = time < 0 ? -1 : Math.max(0, end - GLib.get_monotonic_time()) / 1000;

            cancellable?.set_error_if_cancelled();
            // Who does not wait is in nobody's way.
            if (time !== 0 && work.stuck !== null)
                throw wouldDeadlock(future, work.stuck);
            // A cancellable has no descriptor here, so it is looked at now and then.
            work.pump?.(!cancellable ? left : left < 0 ? GLANCE : Math.min(left, GLANCE));
            // Not before that, for who comes again and again, and does not wait.
            if (left === 0 && !future.done())
                throw new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT, 'The future has not settled in time');
        }
        return true;
    }

    function cancelBoth(future, its) {
        const how = its.work.cancel();

        if (its.followed && how !== Tl.Cancel.TOO_LATE)
            native.get_cancellable.call(future).cancel();
        return how;
    }

    const methods = {
        then(onFulfilled, onRejected) {
            return new Promise((resolve, reject) => listen(this, {onFulfilled, onRejected, resolve, reject}));
        },

        catch(onRejected) {
            return this.then(undefined, onRejected);
        },

        finally(onFinally) {
            return this.then().finally(onFinally);
        },

        // Not that of the library, which is a closure of GJS for each: in GJS 1.74 such a call may be lost.
        add_done_callback(callback) {
            if (typeof callback !== 'function')
                throw new TypeError('add_done_callback() takes a function');
            listen(this, {callback, id: ++lastId});
            return lastId;
        },

        remove_done_callback(id) {
            const its = detailsOf(this);
            const found = its.listeners?.findIndex(listener => listener.id === id) ?? -1;

            if (found < 0)
                return false;
            its.listeners.splice(found, 1);
            return true;
        },

        wait(timeout = -1, cancellable = null) {
            return waitFor(this, timeout, cancellable);
        },

        result(timeout = -1, cancellable = null) {
            waitFor(this, timeout, cancellable);
            return outcomeOf(this);
        },

        cancel() {
            const its = detailsOf(this);

            return its.work && !its.outcome ? cancelBoth(this, its) : native.cancel.call(this);
        },

        get_cancellable() {
            const cancellable = native.get_cancellable.call(this);
            const its = detailsOf(this);

            if (its.work && !its.followed) {
                its.followed = true;
                // Its own connect() is g_cancellable_connect(). This very future is not kept by it.
                GObject.Object.prototype.connect.call(cancellable, 'cancelled',
                    () => its.outcome ?? cancelBoth(its.self, its));
            }
            return cancellable;
        },

        [Symbol.asyncIterator]() {
            const its = detailsOf(this);

            if (!its.work?.next || its.single)
                throw notIterable(this);
            return streamOf(its).iterate(this[lifeline]);
        },
    };

    const accessors = {
        progress: {
            get() {
                if (!this[shown]) {
                    const its = detailsOf(this);
                    const progress = Tl.Progress.new(this);

                    // This very future, and not another wrapper of it, which would not know a result in JavaScript.
                    Object.defineProperty(progress, 'future', {value: this});
                    progress.get_future = () => this;
                    this[shown] = its.progress = progress;
                    if (its.handle)
                        watchProgress(its);
                }
                return this[shown];
            },
        },
        cancellable: {
            get() {
                return this.get_cancellable();
            },
        },
    };

    function setUp(namespace) {
        Tl = namespace;

        const {prototype} = Tl.Future;
        native = {};
        for (const name of ['wait', 'cancel', 'get_cancellable'])
            native[name] = prototype[name];
        Object.assign(prototype, methods);
        for (const [name, accessor] of Object.entries(accessors))
            Object.defineProperty(prototype, name, {...accessor, configurable: true, enumerable: false});
    }

    return {init: setUp, onResult, Producer, refused, microseconds, schedule, unschedule};
})();
