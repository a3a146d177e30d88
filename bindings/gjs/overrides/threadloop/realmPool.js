// SPDX-License-Identifier: LGPL-2.1-or-later

// At most so many realms, and one queue.

/* exported RealmPool */

var {RealmPool} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Infinity, Map, Math, Number, Object, Promise, Set, imports} = globalThis;
    const {Gio, GLib, Tl} = imports.gi;
    const {gc} = imports.system;

    const {CallQueue} = imports.overrides.threadloop.callQueue;
    const {encode} = imports.overrides.threadloop.clone;
    const {schedule, unschedule} = imports.overrides.threadloop.future;
    const {listen} = imports.overrides.threadloop.frames;
    const {define} = imports.overrides.threadloop.source;
    const {Realm} = imports.overrides.threadloop.realm;
    const {RealmCall} = imports.overrides.threadloop.realmCall;

    const DEFAULTS = {
        name: 'a pool', maxRealms: GLib.get_num_processors(), idleTimeout: 10000, grace: 1000, shared: false, resources: [],
    };

    // In milliseconds: how often idle realms are looked for at most.
    const MIN_TICK = 10;

    // In milliseconds: when those are searched for for the first time who have let go of what others wait for, and how
    // seldom at last.
    const SEARCH = 500;
    const MAX_SEARCH = 60000;

    // How many realms may die that are about to begin with a call.
    const MAX_LOSSES = 2;

    function shutDown(name) {
        return new Tl.Error({code: Tl.Error.SHUT_DOWN, message: `${name} was shut down and takes no more work`});
    }

    /** What lives until the last realm has gone, also where nobody holds the pool any more. */
    class Core {
        #maxRealms;
        #queue = new CallQueue();
        #realms = new Set();
        #idle = [];                     // the one that was used last is the next to be
        #soon = [];
        #deadlines = new Map();         // by realm: when it is killed, the source that sees to it, and for which calls
        #lastId = 0;
        #tick = 0;
        #handle = null;
        #closing = null;                // a promise, with its `resolve`
        #endsReaders = false;           // a shutdown also ends generators that somebody has begun to read
        #hasWaited = false;             // there was a generator that waits for its reader
        #search = 0;                    // for generators whose readers have gone
        #lost = null;                   // the error of a shared realm that has ended, of which nobody was told

        constructor({maxRealms, ...options}) {
            this.#maxRealms = options.shared ? 1 : maxRealms;
            Object.assign(this, options);
        }

        get nQueued() {
            return this.#queue.size + (this.shared ? 0 : this.#sum(({nAhead}) => nAhead));
        }

        /** The calls that nobody is about to take: a realm that is starting takes one, as a thread does. */
        get nWaiting() {
            return Math.max(0, this.nQueued - this.#nStarting);
        }

        /** Whether nothing goes on but generators that wait for their values to be taken. */
        get isStuck() {
            return this.#realms.size > 0 && this.#soon.length === 0 && this.#deadlines.size === 0 &&
                [...this.#realms].every(realm => realm.waits);
        }

        get nRunning() {
            return this.#sum(({calls, nAhead}) => this.shared ? calls.size : calls.size - nAhead);
        }

        get pids() {
            return [...this.#realms].map(({pid}) => pid);
        }

        get maxRealms() {
            return this.#maxRealms;
        }

        set maxRealms(n) {
            this.#maxRealms = n;
            this.#grow();
            while (this.#idle.length > 0 && this.#nLasting > n)
                this.#end(this.#idle.pop());
        }

        get #nLasting() {
            return this.#sum(({ending}) => Number(!ending));
        }

        get #nStarting() {
            return this.#sum(({ready}) => Number(!ready));
        }

        #sum(fn) {
            return [...this.#realms].reduce((n, realm) => n + fn(realm), 0);
        }

        call(definition, args, listener) {
            if (this.#closing !== null)
                throw shutDown(this.name);

            const encoded = encode(args, 'args');

            this.#lastId = (this.#lastId + 1) >>> 0;

            const call = new RealmCall(this, this.#lastId, definition, encoded, listener);

            if (this.#lost !== null) {
                const error = this.#lost;

                this.#lost = null;
                this.soon(() => call.abandoned(error));
                return call;
            }

            const realm = this.#queue.size === 0 ? this.#getFree() : undefined;

            if (realm !== undefined && realm.send(call)) {
                call.begins(true);
            } else {
                this.#queue.add(call);
                this.#grow();
                this.#searchLater();
            }
            return call;
        }

        /** Has the pool shut down when nobody holds `channel` any more. */
        watch(channel) {
            this.#handle = Tl.Channel.new_for_fd(channel.take_peer());
            listen(this.#handle, () => this.shutdown('drain'));
        }

        pump(timeout) {
            if (this.#runSoon())
                return true;

            const now = GLib.get_monotonic_time();
            const ends = [...this.#deadlines.values()].map(({time}) => Math.max(0, time - now));

            if (timeout >= 0 && timeout < Infinity)
                ends.push(timeout * 1000);

            const happened = Tl.Channel.poll([...this.#realms].map(({channel}) => channel),
                ends.length > 0 ? Math.min(...ends) : -1);

            for (const [realm, {time}] of this.#deadlines) {
                if (time <= GLib.get_monotonic_time())
                    realm.kill();
            }
            for (const realm of this.#realms)
                realm.reap();
            return this.#runSoon() || happened;
        }

        shutdown(mode) {
            if (this.#closing === null) {
                let resolve;

                this.#closing = new Promise(fn => (resolve = fn));
                this.#closing.resolve = resolve;
            }

            if (mode !== 'drain') {
                this.#endsReaders = true;
                this.#realms.forEach(realm => this.#takeBack(realm));
                // What was said to run does, also where its realm has not begun with it.
                [...this.#queue].filter(({begun}) => mode === 'cancel-all' || !begun).forEach(call => call.cancel());
            }
            if (mode === 'cancel-all') {
                for (const realm of this.#realms) {
                    [...realm.calls.values()].forEach(call => call.cancel());
                    this.#setDeadline(realm);
                }
            }
            // Who has a generator may begin to read it in this turn.
            this.soon(() => this.#endWaiting());
            this.#endIfOver();

            return this.#closing;
        }

        // ---- A call's ----

        soon(fn) {
            if (this.#soon.push(fn) === 1)
                schedule(0, () => this.#runSoon());
        }

        /** Whether it runs, and was asked to end; if not, it never will. */
        cancel(call) {
            const {realm} = call;

            if (realm !== null)
                this.#takeBack(realm);
            if (call.realm === null) {
                this.#queue.delete(call);
                this.soon(() => call.cancelled());
                this.#endIfOver();
                return false;
            }

            realm.cancel(call);
            // One that others use as well is not killed for one call.
            if (!this.shared)
                this.#setDeadline(realm, call);
            this.#grow();

            return true;
        }

        callWaits(call) {
            if (this.#closing !== null)
                this.#endIfWaiting(call);
            this.#hasWaited = true;
            this.#searchLater();
        }

        // ---- A realm's ----

        realmReady(realm) {
            this.#feed(realm);
            this.#startTick();
        }

        realmDone(realm, call) {
            if (realm.calls.size === 0 || this.#deadlines.get(realm)?.call === call)
                this.#clearDeadline(realm);
            this.#feed(realm);
            this.#searchAnew();
        }

        realmEnded(realm, error, calls, told) {
            this.#clearDeadline(realm);
            this.#realms.delete(realm);
            this.#idle = this.#idle.filter(other => other !== realm);
            this.#queue.addBack(calls.filter(call => !this.#isLost(call, error)));
            // What relies on a state that has gone fails as what ran there does; if there is nothing, the next call.
            if (this.shared && realm.ready && error !== null && !told && this.#queue.size === 0)
                this.#lost = error;
            if ((!realm.ready || this.shared) && error !== null)
                this.#failQueued(error);
            else
                this.#spread();
            this.#endIfOver();
            this.#searchAnew();
        }

        // ---- Its own ----

        // When the pool is shut down, a generator ends that would wait for a reader for ever.
        #endIfWaiting(call) {
            if (call.waits === 'unread' || (call.waits !== null && this.#endsReaders))
                call.cancel();
        }

        #endWaiting() {
            for (const realm of this.#realms)
                [...realm.calls.values()].forEach(call => this.#endIfWaiting(call));
        }

        // Generators whose readers have gone end when these are collected, and that may take its time in a program that
        // does not do much. So it is not left to chance where others have to wait for that. Called when it may have come to
        // be so.
        #searchLater(milliseconds = SEARCH) {
            if (this.#search !== 0 || !this.#hasWaited || !this.#isKeptUp)
                return;

            this.#search = schedule(milliseconds, () => {
                this.#search = 0;
                if (this.#isKeptUp)
                    gc();
                this.#searchLater(Math.min(2 * milliseconds, MAX_SEARCH));
            });
        }

        // Something has come to its end, so that the next one in the way need not wait as long as that has at last.
        #searchAnew() {
            if (this.#search !== 0)
                unschedule(this.#search);
            this.#search = 0;
            this.#searchLater();
        }

        get #isKeptUp() {
            return (this.#closing !== null || this.nQueued > 0) && this.isStuck;
        }

        #getFree() {
            if (!this.shared)
                return this.#idle.pop();

            const [realm] = this.#realms;

            return realm?.ready && !realm.ending ? realm : undefined;
        }

        // What it can take of the queue.
        #feed(realm) {
            if (realm.ending || realm.ended || !realm.ready)
                return;
            if (this.shared)
                this.#fill(realm, Infinity);
            else if (realm.isShort && this.#nLasting <= this.#maxRealms)
                this.#share(realm);
            if (realm.idle && !this.shared && !this.#idle.includes(realm)) {
                this.#idle.push(realm);
                if (this.#nLasting > this.#maxRealms)
                    this.#end(this.#idle.pop());
            }
            this.#endIfOver();
            // Last, since who hears of it may cancel it.
            if (!this.shared)
                realm.first?.begins();
        }

        // Calls that take no time are sent ahead, since a realm that waits for each of them does little else. None of them
        // stays behind one that takes long, or behind any, while another realm has nothing to do.
        #share(realm) {
            if (realm.idle)
                this.#takeFromOthers(realm);

            const nReady = this.#sum(({ready, ending}) => Number(ready && !ending));
            const nSent = this.#deadlines.has(realm) ? 1 : Math.min(realm.maxSent, Math.ceil(this.#queue.size / nReady));

            this.#fill(realm, Math.max(1, nSent));
        }

        #fill(realm, nSent) {
            for (const call of this.#queue) {
                if (realm.calls.size >= nSent || (realm.calls.size > 0 && !this.shared && !call.isLight) ||
                    !realm.send(call))
                    break;
                this.#queue.delete(call);
                if (this.shared)
                    call.begins();
            }
        }

        #takeFromOthers(realm) {
            for (const other of this.#realms) {
                if (other === realm || other.nAhead === 0 || (this.#queue.size > 0 && !other.isSlow))
                    continue;

                this.#takeBack(other);
                // It is about to be done, and should not have to wait for this side then.
                if (!other.isSlow)
                    this.#fill(other, Math.ceil((other.calls.size + this.#queue.size) / 2));
            }
        }

        #takeBack(realm) {
            this.#queue.addBack(realm.takeBack());
            if (realm.calls.size === 0)
                this.soon(() => this.#feed(realm));
        }

        // A call with which nobody begins, since the realms die before that.
        #isLost(call, error) {
            if (call.losses <= MAX_LOSSES)
                return false;
            this.soon(() => call.abandoned(error));
            return true;
        }

        // What has come back, to those that have nothing to do.
        #spread() {
            for (const realm of this.#idle.splice(0))
                this.#feed(realm);
            this.#grow();
        }

        // One realm more for each call that nobody is about to take. A new one also takes what others have ahead.
        #grow() {
            if (this.#realms.size >= this.#maxRealms)
                return;

            let starting = this.#nStarting;

            try {
                for (; this.nQueued > starting && this.#realms.size < this.#maxRealms; starting++)
                    this.#realms.add(new Realm(this, this));
            } catch (error) {
                this.#failQueued(error);
            }
        }

        // No realm could be made. As long as there are others, they take what is queued; else there is no use in trying
        // again and again.
        #failQueued(error) {
            if (this.#nLasting > 0)
                return;
            for (const call of this.#queue)
                this.soon(() => call.abandoned(error));
            this.#queue.clear();
        }

        #runSoon() {
            const soon = this.#soon;

            this.#soon = [];
            soon.forEach(fn => fn());
            this.#searchLater();
            return soon.length > 0;
        }

        #startTick() {
            if (this.#tick !== 0 || this.shared || this.idleTimeout < 0)
                return;

            this.#tick = schedule(Math.max(this.idleTimeout, MIN_TICK), () => {
                this.#tick = 0;
                this.#retire();
                if (this.#realms.size > 0)
                    this.#startTick();
            });
        }

        // Those that nobody has used since the last time.
        #retire() {
            const unused = this.#idle.filter(({used}) => !used);

            this.#idle = this.#idle.filter(({used}) => used);
            unused.forEach(realm => this.#end(realm));
            for (const realm of this.#realms)
                realm.used = false;
        }

        #end(realm) {
            // One that is being made does not listen yet.
            if (realm.ready)
                realm.end();
            else
                realm.kill();
            this.#setDeadline(realm);
        }

        #setDeadline(realm, call = null) {
            const deadline = this.#deadlines.get(realm);

            if (deadline !== undefined) {
                if (deadline.call !== null && (call === null || call.id > deadline.call.id))
                    deadline.call = call;
                return;
            }

            const tag = schedule(this.grace, () => {
                // It may be past that call, and have begun with another.
                Tl.Channel.poll([realm.channel], 0);
                if (this.#deadlines.delete(realm))
                    realm.kill();
            });

            this.#deadlines.set(realm, {tag, call, time: GLib.get_monotonic_time() + this.grace * 1000});
        }

        #clearDeadline(realm) {
            const deadline = this.#deadlines.get(realm);

            if (deadline !== undefined) {
                this.#deadlines.delete(realm);
                unschedule(deadline.tag);
            }
        }

        #endIfOver() {
            if (this.#closing === null || this.#queue.size > 0)
                return;

            this.#idle = [];
            for (const realm of this.#realms) {
                if (realm.calls.size === 0 && !realm.ending)
                    this.#end(realm);
            }
            if (this.#realms.size > 0)
                return;

            if (this.#tick !== 0)
                unschedule(this.#tick);
            this.#tick = 0;
            this.#handle?.close();
            // After what is still to be told.
            this.soon(() => this.#closing.resolve());
        }
    }

    /**
     * Runs functions in realms.
     *
     * A pool that nobody holds any more shuts down: what it has accepted still runs.
     */
    class RealmPool {
        #core;
        // GJS 1.74 neither clears weak references nor tells of what was collected; but it does collect this, and the
        // other end hears of that.
        #lifeline = null;

        /**
         * @param {object} [options]
         * @param {string} [options.name] for messages
         * @param {number} [options.maxRealms] at most as many processes
         * @param {number} [options.idleTimeout] after how many milliseconds an unused realm ends, -1 for never
         * @param {number} [options.grace] how many milliseconds a realm has between being asked and being killed
         * @param {boolean} [options.shared] one realm for all, which keeps its state; it takes all calls at once
         * @param {string[]} [options.resources] paths of files whose resources a realm registers
         */
        constructor(options = {}) {
            this.#core = new Core({...DEFAULTS, ...options});
        }

        get name() {
            return this.#core.name;
        }

        get nQueued() {
            return this.#core.nQueued;
        }

        get nRunning() {
            return this.#core.nRunning;
        }

        get nWaiting() {
            return this.#core.nWaiting;
        }

        get isStuck() {
            return this.#core.isStuck;
        }

        /** The processes that there are. */
        get pids() {
            return this.#core.pids;
        }

        get maxRealms() {
            return this.#core.maxRealms;
        }

        set maxRealms(n) {
            this.#core.maxRealms = n;
        }

        /**
         * Calls a function in a realm. Throws a TypeError where the function or an argument cannot cross.
         *
         * The listener's methods, all of them optional, are called from the main context or from pump(), never in here:
         * running(), unless the call `running` already when this returns; progress(fraction, message); value(v), of a
         * generator; and, once, one of resolve(v, isOfGenerator), reject(error) and cancelled(). One that keeps values
         * has waits(), which says of the call what that says itself.
         *
         * @param {object} spec {fn, args}, or {module, name, args} for what the module with that URI exports
         * @param {object} listener hears of it
         * @returns {RealmCall} the call
         */
        call(spec, listener) {
            return this.#call(define(spec), spec.args ?? [], listener);
        }

        /**
         * @param {string} uri of a module
         * @returns {Promise<object[]>} what it exports: {name, kind}, kind being 'function', 'class', 'value', with the
         *   `value`, or 'other', which cannot cross, with the reason `why`
         */
        describe(uri) {
            return new Promise((resolve, reject) => this.#call(null, [uri], {
                resolve,
                reject,
                cancelled: () => reject(new Gio.IOErrorEnum({
                    code: Gio.IOErrorEnum.CANCELLED,
                    message: `${this.name} was shut down before it could look at ${uri}`,
                })),
            }));
        }

        /**
         * Does what there is to do without a main context, and waits for it.
         *
         * @param {number} timeout in milliseconds, -1 for as long as it takes
         * @returns {boolean} whether something happened; if not, it may have waited for less than that
         */
        pump(timeout) {
            return this.#core.pump(timeout);
        }

        /**
         * Takes no more calls.
         *
         * @param {string} [mode] what becomes of those that there are: 'drain' lets them run, 'cancel-queued' lets
         *   those run that do already, and 'cancel-all' asks these to end, and kills those that do not
         * @returns {Promise<void>} all realms have ended
         */
        shutdown(mode = 'drain') {
            this.#lifeline?.close();
            return this.#core.shutdown(mode);
        }

        #call(definition, args, listener) {
            const call = this.#core.call(definition, args, listener);

            if (this.#lifeline === null) {
                this.#lifeline = Tl.Channel.new();
                this.#core.watch(this.#lifeline);
            }
            return call;
        }
    }

    return {RealmPool};
})();
