// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported Stream */

var {Stream} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Promise, Symbol, imports} = globalThis;
    const {WINDOW} = imports.overrides.threadloop.frames;

    /** What is given out. It keeps the `lifeline` of its stream, as the future does, and the stream does not. */
    class Reader {
        #stream;
        lifeline = null;

        constructor(stream) {
            this.#stream = stream;
        }

        next() {
            return this.#stream.next(this);
        }

        return(value) {
            this.ended();
            return this.#stream.return(value);
        }

        /** The stream's. */
        ended() {
            this.lifeline?.close();
        }

        [Symbol.asyncIterator]() {
            return this;
        }
    }

    /**
     * The values of a generator in a realm. The realm makes some ahead; for each one that was taken, one more is asked
     * for.
     *
     * While nobody iterates but somebody awaits the end, values are passed over.
     */
    class Stream {
        #ask;               // () => void, for one value more
        #cancel;            // () => void
        #told;              // () => void, when somebody was given the error
        #full;              // () => void, each time that the realm begins to wait for values to be taken
        #values = [];
        #waiting = [];      // {resolve, reject, reader} of next() calls that wait
        #readers = [];      // that this side keeps
        #end = null;        // {value} or {error}
        #iterated = false;
        #drained = false;

        constructor({ask, cancel, told, full}) {
            this.#ask = ask;
            this.#cancel = cancel;
            this.#told = told;
            this.#full = full;
        }

        /** Whether the realm waits for its values to be taken: null, 'unread', or 'read' where somebody has begun. */
        get waits() {
            if (this.#end !== null || this.#values.length < WINDOW)
                return null;
            return this.#iterated ? 'read' : 'unread';
        }

        /** Whether values are dropped as they come. */
        get passesOver() {
            return this.#drained && !this.#iterated;
        }

        iterate(lifeline) {
            const reader = new Reader(this);

            this.#iterated = true;
            if (lifeline)
                reader.lifeline = lifeline;
            else
                this.#readers?.push(reader);
            return reader;
        }

        /** Gives those that read what they have to keep; from here on, this side does not keep them. */
        letGo(lifeline) {
            this.#readers.forEach(reader => (reader.lifeline = lifeline));
            this.#readers = null;
        }

        /** Has this side keep those to come again. */
        keep() {
            this.#readers = [];
        }

        drain() {
            if (this.#iterated)
                return;
            this.#drained = true;
            for (const _ of this.#values.splice(0))
                this.#ask();
        }

        push(value) {
            const waiting = this.#waiting.shift();

            if (waiting)
                waiting.resolve({value, done: false});
            else if (!this.passesOver)
                this.#values.push(value);
            if (waiting || this.passesOver)
                this.#ask();
            else if (this.#values.length >= WINDOW)
                this.#full();
        }

        end(end) {
            this.#end = end;
            this.#readers = null;
            for (const waiting of this.#waiting.splice(0))
                this.#finish(waiting);
        }

        #finish({resolve, reject, reader}) {
            const end = this.#end;

            reader.ended();
            // As with every generator: it fails once, and has then ended.
            this.#end = {value: undefined};
            if ('error' in end) {
                this.#told();
                reject(end.error);
            } else {
                resolve({value: end.value, done: true});
            }
        }

        next(reader) {
            return new Promise((resolve, reject) => {
                if (this.#values.length) {
                    resolve({value: this.#values.shift(), done: false});
                    this.#ask();
                } else if (this.#end) {
                    this.#finish({resolve, reject, reader});
                } else {
                    this.#waiting.push({resolve, reject, reader});
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
    }

    return {Stream};
})();
