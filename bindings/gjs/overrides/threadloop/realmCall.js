// SPDX-License-Identifier: LGPL-2.1-or-later

// A call to a realm, from when it was accepted until it has settled.

/* exported RealmCall */

var {RealmCall} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {logError} = globalThis;

    /** One call. The listener hears of it, from the main context or from pump(). */
    class RealmCall {
        #pool;
        #listener;
        #realm = null;
        #asked = false;

        settled = false;

        constructor(pool, id, definition, encoded, listener) {
            this.#pool = pool;
            this.#listener = listener;
            this.id = id;
            this.definition = definition;
            this.encoded = encoded;
            this.label = definition?.label ?? 'the description of a module';
        }

        /** Whether it was given to a realm. One that is from the beginning does not say so to the listener. */
        get running() {
            return this.#realm !== null && !this.settled;
        }

        cancel() {
            if (this.settled)
                return 'settled';
            if (this.#realm === null) {
                this.#pool.cancelQueued(this);
                return 'queued';
            }
            if (!this.#asked) {
                this.#asked = true;
                this.#pool.cancelRunning(this, this.#realm);
            }
            return 'asked';
        }

        next() {
            if (this.running)
                this.#realm.next(this);
        }

        // ---- The realm's ----

        started(realm) {
            this.#realm = realm;
            this.encoded = null;
        }

        tellRunning() {
            this.#tell('running');
        }

        progress(fraction, message) {
            this.#tell('progress', fraction, message);
        }

        value(value) {
            this.#tell('value', value);
        }

        resolve(value, isOfGenerator) {
            this.#settle('resolve', value, isOfGenerator);
        }

        reject(error) {
            this.#settle('reject', error);
        }

        cancelled() {
            this.#settle('cancelled');
        }

        // The realm has ended; without an error if it was made to.
        abandoned(error) {
            if (this.#asked || error === null)
                this.cancelled();
            else
                this.reject(error);
        }

        #settle(how, ...args) {
            if (this.settled)
                return;
            this.settled = true;
            this.#tell(how, ...args);
        }

        #tell(what, ...args) {
            try {
                this.#listener[what]?.(...args);
            } catch (error) {
                logError(error, `A listener of ${this.label}`);
            }
        }
    }

    return {RealmCall};
})();
