// SPDX-License-Identifier: LGPL-2.1-or-later

// The program's side of one realm, a gjs process of its own.

/* exported Realm */

var {Realm} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Date, JSON, Map, Math, Number, String, imports} = globalThis;
    const {Gio, GLib, Tl} = imports.gi;

    const {schedule} = imports.overrides.threadloop.future;
    const {decode} = imports.overrides.threadloop.clone;
    const {
        ToRealm, FromRealm, TAGGED, CODE_MASK, FUNCTION_SHIFT, DESCRIBE, listen, takeBlobs,
    } = imports.overrides.threadloop.frames;

    const CHANNEL_FD = 3;
    const CLAIMS_FD = 4;

    // In milliseconds: calls that take no longer are sent ahead, as many at most.
    const SHORT = 1;
    const MAX_SENT = 32;

    // In milliseconds: how long a process that was killed may take before it is waited for.
    const DYING = 100;

    // A realm need not know more functions at a time.
    const MAX_FUNCTIONS = 1000;

    function abandoned(message) {
        return new Tl.Error({code: Tl.Error.ABANDONED, message});
    }

    // The one that runs the program, or, where the program is none of gjs, that in the path.
    function findGjs() {
        let program = null;

        try {
            program = GLib.file_read_link('/proc/self/exe');
        } catch {
            // No such thing in this system.
        }
        if (program === null || !/^gjs(-console)?$/.test(GLib.path_get_basename(program)))
            program = GLib.find_program_in_path('gjs');
        if (program === null)
            throw new Tl.Error({code: Tl.Error.THREAD, message: 'No realm can be made: there is no program gjs'});
        return program;
    }

    // Where this process looks for typelibs; applications add to that at run time.
    function setTypelibPath(launcher) {
        let Repository;

        try {
            // That of the introspection library which this process has; there are two.
            ({Repository} = imports.gi.GIRepository);
        } catch {
            // It is not installed; the environment says what it says.
            return;
        }

        const paths = Repository.dup_default?.().get_search_path() ?? Repository.get_search_path();

        launcher.setenv('GI_TYPELIB_PATH', paths.join(':'), true);
    }

    // What has one call after the other can have further ones taken back. Where the system has no such thing, none are
    // sent ahead.
    function makeClaims() {
        try {
            return Tl.Claims.new();
        } catch (error) {
            if (error instanceof GLib.Error && error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_SUPPORTED))
                return null;
            throw error;
        }
    }

    function getSettings(shared, claims, resources) {
        return JSON.stringify({
            shared,
            resources,
            claims: claims !== null ? CLAIMS_FD : null,
            versions: {...imports.gi.versions},
            searchPath: imports.searchPath,
        });
    }

    function spawn(channel, claims, {shared = false, resources = []}) {
        const launcher = new Gio.SubprocessLauncher({flags: Gio.SubprocessFlags.NONE});
        const host = GLib.build_filenamev([
            GLib.path_get_dirname(imports.overrides.threadloop.realm.__file__), 'realmHost.js',
        ]);

        // The descriptors that were taken are closed on every way out: a peer that dies is noticed only then.
        try {
            launcher.take_fd(channel.take_peer(), CHANNEL_FD);
            if (claims !== null)
                launcher.take_fd(claims.take_fd(), CLAIMS_FD);
            launcher.take_stderr_fd(channel.open_stderr());
            setTypelibPath(launcher);
            return launcher.spawnv([findGjs(), '-m', host, String(CHANNEL_FD), getSettings(shared, claims, resources)]);
        } finally {
            launcher.close();
        }
    }

    /**
     * It tells its pool: realmReady(realm), realmDone(realm, call) when a call has settled, and realmEnded(realm, error,
     * calls, told) when the process has gone; the error is null if that was asked for, the calls are those that it had
     * not begun with, and `told` is whether any other call fails with that error.
     */
    class Realm {
        #pool;
        #channel = Tl.Channel.new();
        #process;
        #shared;
        #functions = new Map();
        #gone = false;
        #claims = null;
        #round = 0;
        #nDone = 0;             // of the calls of this round
        #since = 0;             // when it came to its first call

        calls = new Map();      // by id, in the order in which it has them
        maxSent = 1;            // how many it should have at most
        ready = false;
        ending = false;         // it was told to
        ended = false;
        used = true;            // since the pool has last looked for idle ones

        constructor(pool, options = {}) {
            this.#pool = pool;
            this.#shared = options.shared === true;
            try {
                this.#claims = options.shared ? null : makeClaims();
                this.#process = spawn(this.#channel, this.#claims, options);
            } catch (error) {
                this.#channel.close();
                throw error;
            }
            this.pid = Number(this.#process.get_identifier());
            listen(this.#channel, (...frame) => this.#heard(...frame));
            this.#process.wait_async(null, () => this.#reaped());
        }

        get channel() {
            return this.#channel;
        }

        get idle() {
            return this.ready && !this.ending && this.calls.size === 0;
        }

        /** The call that it runs, as far as this side knows. */
        get first() {
            return this.calls.values().next().value;
        }

        /** Whether it has fewer calls than it should; looked at for each, it pays to send several at a time. */
        get isShort() {
            return this.calls.size <= this.maxSent / 2;
        }

        /** How many calls it has behind that one. */
        get nAhead() {
            return Math.max(0, this.calls.size - 1);
        }

        /** Whether it runs nothing but generators that wait for their values to be taken. */
        get waits() {
            const calls = this.#shared ? [...this.calls.values()] : [this.first];

            return this.ready && this.calls.size > 0 && calls.every(({waits}) => waits !== null);
        }

        /** Whether its call is none of those that one should wait behind. */
        get isSlow() {
            return this.calls.size > 0 && Date.now() - this.#since > SHORT;
        }

        /** False if the process is found to have gone: the call has not begun, and another realm may have it. */
        send(call) {
            const {definition, id, encoded: {text, blobs, tagged}} = call;
            const number = definition === null ? DESCRIBE : this.#define(definition);
            const kind = ToRealm.CALL | (tagged ? TAGGED : 0) | number << FUNCTION_SHIFT;

            if (!this.#channel.send(kind, id, text, blobs))
                return false;
            this.used = true;
            if (this.calls.size === 0)
                this.#since = Date.now();
            this.calls.set(id, call);
            call.sent(this);
            // It cannot come back.
            if (this.#claims === null)
                call.encoded = null;
            return true;
        }

        /** Gives back the calls that it has not begun with. */
        takeBack() {
            if (this.#claims === null || this.calls.size === 0)
                return [];

            const nBegun = (this.#claims.withdraw() - this.#nDone) & 0xffff;
            const back = [...this.calls.values()].slice(nBegun);

            this.#nDone = -nBegun;
            this.#round = (this.#round + 1) & 0xffff;
            this.#channel.send(ToRealm.ROUND, this.#round, null, null);
            for (const call of back) {
                this.calls.delete(call.id);
                call.takenBack();
            }
            if (this.isSlow)
                this.maxSent = 1;
            return back;
        }

        cancel(call) {
            this.#channel.send(ToRealm.CANCEL, call.id, null, null);
        }

        next(call) {
            this.#channel.send(ToRealm.NEXT, call.id, null, null);
        }

        /** Has it end by itself. */
        end() {
            if (!this.ending)
                this.#channel.send(ToRealm.END, 0, null, null);
            this.ending = true;
        }

        kill() {
            this.ending = true;
            this.#process.force_exit();
        }

        /** For who has no main loop running: waits for a process that is ending anyway. */
        reap() {
            if (!this.#gone || this.ended)
                return;
            this.#process.wait(null);
            this.#reaped();
        }

        #define(definition) {
            let number = this.#functions.get(definition);

            if (number === undefined) {
                if (this.#functions.size >= MAX_FUNCTIONS) {
                    this.#functions.clear();
                    this.#channel.send(ToRealm.FORGET, 0, null, null);
                }
                number = this.#functions.size + DESCRIBE + 1;
                this.#functions.set(definition, number);
                this.#channel.send(ToRealm.DEFINE, number, JSON.stringify(definition), null);
            }
            return number;
        }

        #heard(kind, id, text, nBlobs, error) {
            const code = kind & CODE_MASK;
            const call = this.calls.get(id);

            if (error !== null) {
                // It is of no use any more, and has ended already, unless something in it has closed its channel.
                this.#gone = true;
                this.#process.force_exit();
                // Where GJS has not heard of its end.
                schedule(DYING, () => this.reap());
            } else if (code === FromRealm.READY) {
                this.ready = true;
                this.#pool.realmReady(this);
            } else if (call === undefined) {
                // What it says of a call that has settled is nobody's business.
            } else if (code === FromRealm.PROGRESS) {
                call.progress(...JSON.parse(text));
            } else if (code === FromRealm.VALUE) {
                call.value(this.#open(kind, text, nBlobs));
            } else {
                this.calls.delete(id);
                this.#count();
                // The next call is on its way before anybody looks at this one.
                this.#pool.realmDone(this, call);
                if (code === FromRealm.CANCELLED)
                    call.cancelled();
                else
                    this.#settle(call, kind, text, nBlobs);
            }
        }

        #count() {
            const now = Date.now();

            this.#nDone++;
            this.maxSent = this.#claims === null || now - this.#since > SHORT ? 1 : Math.min(2 * this.maxSent, MAX_SENT);
            this.#since = now;
        }

        #open(kind, text, nBlobs) {
            return decode(text, takeBlobs(this.#channel, nBlobs), (kind & TAGGED) !== 0);
        }

        #settle(call, kind, text, nBlobs) {
            let value;

            try {
                value = this.#open(kind, text, nBlobs);
            } catch (error) {
                // There may be no memory for it.
                call.reject(error);
                return;
            }
            if ((kind & CODE_MASK) === FromRealm.ERROR)
                call.reject(value);
            else
                call.resolve(value, (kind & CODE_MASK) === FromRealm.RETURN);
        }

        #reaped() {
            if (this.ended)
                return;

            // What it has sent before its end.
            while (!this.#gone && Tl.Channel.poll([this.#channel], 0))
                ;
            this.ended = true;

            const back = this.takeBack();
            const error = this.ending ? null : abandoned(this.#describeEnd());
            const calls = [...this.calls.values()];

            if (calls.length === 0 && back.length > 0 && error !== null)
                back[0].losses++;
            this.calls.clear();
            this.#channel.close();
            // First, since who hears of the others may cancel all that is queued.
            this.#pool.realmEnded(this, error, back, calls.some(({asked}) => !asked));
            for (const call of calls)
                call.abandoned(error);
        }

        #describeEnd() {
            const process = this.#process;
            const how = process.get_if_signaled()
                ? `was ended by signal ${process.get_term_sig()} (${GLib.strsignal(process.get_term_sig())})`
                : `ended with exit status ${process.get_exit_status()}`;
            const doing = !this.ready ? ' before it was ready'
                : [...this.calls.values()].map(({label}) => ` while it ran ${label}`).join(' and');
            const lost = this.#shared && this.ready ? '; what functions had left in it has gone' : '';
            const last = this.#channel.dup_stderr().trim();

            return `The realm of ${this.#pool.name} (process ${this.pid}) ${how}${doing}${lost}` +
                `${last ? `:\n${last}` : ''}`;
        }
    }

    return {Realm};
})();
