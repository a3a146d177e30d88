// SPDX-License-Identifier: LGPL-2.1-or-later

// What an options object may have. GObject would take numbers that are none, and a name with a typing error in it would
// change nothing without a word.

/* exported check, count, microseconds, text, oneOf */

var {check, count, microseconds, text, oneOf} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Math, Number, Object, RangeError, String, TypeError} = globalThis;

    const MAX_COUNT = 2 ** 32 - 1;

    // GObject has names with dashes or underscores, too.
    function toCamelCase(key) {
        return key.replace(/[-_]([a-z])/g, (_, letter) => letter.toUpperCase());
    }

    function bare(key) {
        return key.replace(/[-_]/g, '').toLowerCase();
    }

    function list(items) {
        return items.length > 1 ? `${items.slice(0, -1).join(', ')} and ${items.at(-1)}` : items[0];
    }

    function show(value) {
        return typeof value === 'string' ? `'${value}'` : typeof value === 'object' && value !== null ? 'an object'
            : typeof value === 'function' ? 'a function' : String(value);
    }

    /**
     * Gives a copy of `options` without what is undefined.
     *
     * @param {string} what takes them, for messages
     * @param {object} options what was given
     * @param {object} known by name: (value, what) => value, which throws where it is wrong
     */
    function check(what, options, known) {
        if (typeof options !== 'object' || options === null)
            throw new TypeError(`${what} takes an object with options, such as {${Object.keys(known)[0]}: ...}`);

        const checked = {};

        for (const [key, value] of Object.entries(options)) {
            const name = toCamelCase(key);

            if (!Object.hasOwn(known, name)) {
                const meant = Object.keys(known).find(other => bare(other) === bare(key));

                throw new TypeError(`${what} has no option ${key}: ` +
                    (meant ? `it is called ${meant}` : `there is ${list(Object.keys(known))}`));
            }
            if (value !== undefined)
                checked[name] = known[name](value, `${what}: ${name}`);
        }
        return checked;
    }

    function count(value, what) {
        if (typeof value !== 'number')
            throw new TypeError(`${what} must be a number, not ${show(value)}`);
        if (!Number.isInteger(value) || value < 0 || value > MAX_COUNT)
            throw new RangeError(`${what} must be a whole number from 0 to ${MAX_COUNT}, not ${value}`);
        return value;
    }

    /** A time of at most so many. */
    function microseconds(max, minusOne) {
        return (value, what) => {
            if (typeof value !== 'number' && typeof value !== 'bigint')
                throw new TypeError(`${what} must be a number of microseconds, not ${show(value)}`);

            const number = Math.trunc(Number(value));

            if (!(number >= -1 && number <= max)) {
                throw new RangeError(`${what} must be a number of microseconds from 0 to ${max}, or -1 ${minusOne}, ` +
                    `not ${value}`);
            }
            return number;
        };
    }

    function text(value, what) {
        if (typeof value !== 'string' && value !== null)
            throw new TypeError(`${what} must be a string, not ${show(value)}`);
        return value;
    }

    /** @param {object} values by what they are called */
    function oneOf(values) {
        return (value, what) => {
            if (!Object.values(values).includes(value))
                throw new TypeError(`${what} must be ${Object.keys(values).join(' or ')}, not ${show(value)}`);
            return value;
        };
    }

    return {check, count, microseconds, text, oneOf};
})();
