// SPDX-License-Identifier: LGPL-2.1-or-later

// A call to a realm, from when it was accepted until it has settled.

/* exported RealmCall */

var {RealmCall} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {logError} = globalThis;

    // In characters.
    const LIGHT = 16384;

    /** One call. The listener hears of it, from the main context or from pump(). */
    class RealmCall {
        #pool;
        #listener;
        #realm = null;
        #cancelled = null;      // what cancel() has said

        begun = false;          // it was said to run
        settled = false;
        losses = 0;             // of realms that had it as their next, and had not begun with it

        constructor(pool, id, definition, encoded, listener) {
            this.#pool = pool;
            this.#listener = listener;
            this.id = id;
            this.definition = definition;
            this.encoded = encoded;
            this.label = definition?.label ?? 'the description of a module';
        }

        get realm() {
            return this.#realm;
        }

        /** Whether it is a realm's turn with it. One that is from the beginning does not say so to the listener. */
        get running() {
            return this.#realm !== null && this.begun && !this.settled;
        }

        /** Whether it was asked to end. */
        get asked() {
            return this.#cancelled !== null;
        }

        /** Whether it costs little to send it to a realm that may not get to it. */
        get isLight() {
            const {text, blobs} = this.encoded;

            return text.length <= LIGHT && (blobs === null || blobs.length === 0);
        }

        cancel() {
            if (this.settled)
                return 'settled';
            // One that was said to run was not queued, also where it comes back before its realm has begun with it.
            this.#cancelled ??= this.#pool.cancel(this) || this.begun ? 'asked' : 'queued';
            return this.#cancelled;
        }

        next() {
            if (this.running)
                this.#realm.next(this);
        }

        /**
         * Of a generator, whether it has made as many values as it may: null, 'unread' where nobody has begun to take
         * them, or 'read'. One that was asked to end does not wait for that.
         */
        get waits() {
            return !this.asked && !this.settled ? this.#listener.waits?.() ?? null : null;
        }

        /** Said by who has the values, each time that it begins. */
        waitsForReader() {
            this.#pool.callWaits(this);
        }

        // ---- The realm's ----

        sent(realm) {
            this.#realm = realm;
        }

        takenBack() {
            this.#realm = null;
        }

        begins(inCall = false) {
            if (this.begun)
                return;
            this.begun = true;
            if (!inCall)
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

        // The realm has ended, without an error if it was made to, or there is none.
        abandoned(error) {
            if (this.asked || error === null)
                this.cancelled();
            else
                this.reject(error);
        }

        #settle(how, ...args) {
            if (this.settled)
                return;
            this.settled = true;
            this.encoded = null;
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
