// SPDX-License-Identifier: LGPL-2.1-or-later

// The program's side of one realm, a gjs process of its own.

/* exported Realm */

var {Realm} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {JSON, Map, Number, String, imports} = globalThis;
    const {Gio, GLib, Tl} = imports.gi;

    const {schedule} = imports.overrides.threadloop.future;
    const {decode} = imports.overrides.threadloop.clone;
    const {
        ToRealm, FromRealm, TAGGED, CODE_MASK, FUNCTION_SHIFT, DESCRIBE, listen, takeBlobs,
    } = imports.overrides.threadloop.frames;

    const CHANNEL_FD = 3;

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

    function getSettings(shared) {
        return JSON.stringify({shared, versions: {...imports.gi.versions}, searchPath: imports.searchPath});
    }

    function spawn(channel, shared) {
        const launcher = new Gio.SubprocessLauncher({flags: Gio.SubprocessFlags.NONE});
        const host = GLib.build_filenamev([
            GLib.path_get_dirname(imports.overrides.threadloop.realm.__file__), 'realmHost.js',
        ]);

        // The descriptors that were taken are closed on every way out: a peer that dies is noticed only then.
        try {
            launcher.take_fd(channel.take_peer(), CHANNEL_FD);
            launcher.take_stderr_fd(channel.open_stderr());
            setTypelibPath(launcher);
            return launcher.spawnv([findGjs(), '-m', host, String(CHANNEL_FD), getSettings(shared)]);
        } finally {
            launcher.close();
        }
    }

    /**
     * It tells its pool: realmReady(realm), realmDone(realm) when a call has settled, and realmEnded(realm, error) when
     * the process has gone; the error is null if that was asked for.
     */
    class Realm {
        #pool;
        #channel = Tl.Channel.new();
        #process;
        #functions = new Map();
        #gone = false;

        calls = new Map();
        ready = false;
        ending = false;         // it was told to
        ended = false;
        used = true;            // since the pool has last looked for idle ones

        constructor(pool, {shared = false} = {}) {
            this.#pool = pool;
            try {
                this.#process = spawn(this.#channel, shared);
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

        /** False if the process is found to have gone: the call has not begun, and another realm may have it. */
        start(call) {
            const {definition, id, encoded: {text, blobs, tagged}} = call;
            const number = definition === null ? DESCRIBE : this.#define(definition);
            const kind = ToRealm.CALL | (tagged ? TAGGED : 0) | number << FUNCTION_SHIFT;

            if (!this.#channel.send(kind, id, text, blobs))
                return false;
            this.used = true;
            this.calls.set(id, call);
            call.started(this);
            return true;
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
                // The next call is on its way before anybody looks at this one.
                this.#pool.realmDone(this);
                if (code === FromRealm.CANCELLED)
                    call.cancelled();
                else
                    this.#settle(call, kind, text, nBlobs);
            }
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

            const error = this.ending ? null : abandoned(this.#describeEnd());
            const calls = [...this.calls.values()];

            this.calls.clear();
            this.#channel.close();
            for (const call of calls)
                call.abandoned(error);
            this.#pool.realmEnded(this, error);
        }

        #describeEnd() {
            const process = this.#process;
            const how = process.get_if_signaled()
                ? `was ended by signal ${process.get_term_sig()} (${GLib.strsignal(process.get_term_sig())})`
                : `ended with exit status ${process.get_exit_status()}`;
            const doing = !this.ready ? ' before it was ready'
                : [...this.calls.values()].map(({label}) => ` while it ran ${label}`).join(' and');
            const last = this.#channel.dup_stderr().trim();

            return `The realm of ${this.#pool.name} (process ${this.pid}) ${how}${doing}${last ? `:\n${last}` : ''}`;
        }
    }

    return {Realm};
})();
