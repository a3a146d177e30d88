// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported Stream */

var {Stream} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Promise, Symbol} = globalThis;

    /**
     * The values of a generator in a realm, as an async iterator. The realm makes some ahead; for each one that was
     * taken, one more is asked for.
     *
     * While nobody iterates but somebody awaits the end, values are passed over.
     */
    class Stream {
        #ask;               // () => void, for one value more
        #cancel;            // () => void
        #told;              // () => void, when somebody was given the error
        #values = [];
        #readers = [];      // {resolve, reject} of next() calls that wait
        #end = null;        // {value} or {error}
        #iterated = false;
        #drained = false;

        constructor(ask, cancel, told) {
            this.#ask = ask;
            this.#cancel = cancel;
            this.#told = told;
        }

        iterate() {
            this.#iterated = true;
            return this;
        }

        drain() {
            if (this.#iterated)
                return;
            this.#drained = true;
            for (const _ of this.#values.splice(0))
                this.#ask();
        }

        push(value) {
            const reader = this.#readers.shift();

            if (reader)
                reader.resolve({value, done: false});
            else if (this.#iterated || !this.#drained)
                this.#values.push(value);
            if (reader || (this.#drained && !this.#iterated))
                this.#ask();
        }

        end(end) {
            this.#end = end;
            for (const reader of this.#readers.splice(0))
                this.#finish(reader);
        }

        #finish({resolve, reject}) {
            const end = this.#end;

            // As with every generator: it fails once, and has then ended.
            this.#end = {value: undefined};
            if ('error' in end) {
                this.#told();
                reject(end.error);
            } else {
                resolve({value: end.value, done: true});
            }
        }

        next() {
            return new Promise((resolve, reject) => {
                if (this.#values.length) {
                    resolve({value: this.#values.shift(), done: false});
                    this.#ask();
                } else if (this.#end) {
                    this.#finish({resolve, reject});
                } else {
                    this.#readers.push({resolve, reject});
                }
            });
        }

        // When a loop is left before the end.
        return(value) {
            this.#values = [];
            if (!this.#end)
                this.#cancel();
            return Promise.resolve({value, done: true});
        }

        [Symbol.asyncIterator]() {
            return this;
        }
    }

    return {Stream};
})();
