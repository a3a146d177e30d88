// SPDX-License-Identifier: LGPL-2.1-or-later

// The calls that no realm has.

/* exported CallQueue */

var {CallQueue} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Set, Symbol} = globalThis;

    /** In the order in which they were accepted, which those that come back from a realm had before the others. */
    class CallQueue {
        #first = new Set();
        #rest = new Set();

        get size() {
            return this.#first.size + this.#rest.size;
        }

        add(call) {
            this.#rest.add(call);
        }

        addBack(calls) {
            if (calls.length > 0)
                this.#first = new Set([...this.#first, ...calls].sort((a, b) => a.id - b.id));
        }

        delete(call) {
            if (!this.#first.delete(call))
                this.#rest.delete(call);
        }

        clear() {
            this.#first.clear();
            this.#rest.clear();
        }

        /** Those that are gone through may be deleted meanwhile. */
        *[Symbol.iterator]() {
            yield* this.#first;
            yield* this.#rest;
        }
    }

    return {CallQueue};
})();
