// SPDX-License-Identifier: LGPL-2.1-or-later

// What crosses to a realm and back: values as a text and blobs.
//
// Nearly all of it is what JSON has, and goes through the engine's JSON. What is not is written as a list of nodes, so
// that cycles, shared references and depth are no matter:
//
//     [value, [node, node, ...]]
//
// A value is a string, a finite number, a boolean or null as it is; [i] for the object that is node i; ['u'] for
// undefined; ['n', text] for a number that JSON has not; and ['i', digits] for a BigInt. A node is [tag, ...], see
// `codecs`. Bytes are never text: a node has the number of its blob.
//
// An instance of a class is refused, where structuredClone() sends its data without the class: a call of one of its
// methods would fail far from here, and a private field would be lost without a word.

// All of it is in a function, with its own names for what is global: the engine looks for those of a legacy module anew
// each time, and takes a hundred times as long for a loop over numbers.

/* exported encode, decode */

var {encode, decode} = (() => {
    const {GLib, GObject} = imports.gi;
    const {Array, Error, JSON, Map, Number, Object, Set, String, Symbol} = globalThis;

    const MAX_JSON_DEPTH = 100;

    // ---- What JSON has ----

    function isJson(value, depth, seen) {
        switch (typeof value) {
        case 'string':
        case 'boolean':
            return true;
        case 'number':
            return Number.isFinite(value) && !Object.is(value, -0);
        case 'object':
            return value === null || isJsonObject(value, depth, seen);
        default:
            return false;
        }
    }

    // What is seen twice is one object on the other side as well, which JSON cannot say.
    function isJsonObject(value, depth, seen) {
        if (depth > MAX_JSON_DEPTH || seen.has(value))
            return false;
        seen.add(value);

        const prototype = Object.getPrototypeOf(value);

        if (prototype === Array.prototype) {
            const {length} = value;

            for (let i = 0; i < length; i++) {
                if (!isJson(value[i], depth + 1, seen))
                    return false;
            }
            // One that has properties as well is for the other way.
            return Object.keys(value).length === length;
        }

        if (prototype !== Object.prototype)
            return false;
        for (const key in value) {
            if (!isJson(value[key], depth + 1, seen))
                return false;
        }
        return true;
    }

    // ---- Everything else ----

    const ERRORS = {Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError};

    const VIEWS = {
        Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array,
        Float64Array, BigInt64Array, BigUint64Array, DataView,
    };

    // By tag. node(encoder, value, at) gives the rest of the node, `at` being its number; make(decoder, node) gives the
    // object without what it refers to, and fill(decoder, object, node) adds that.
    const codecs = {
        o: {node: encodeProperties, make: () => ({}), fill: decodeProperties},
        N: {node: encodeProperties, make: () => Object.create(null), fill: decodeProperties},
        a: {
            node: (encoder, array, at) => array.map((item, i) => encoder.value(item, at, i)),
            make: () => [],
            fill(decoder, array, [, ...items]) {
                for (const item of items)
                    array.push(decoder.value(item));
            },
        },
        // An array with holes, or with properties.
        A: {
            node: (encoder, array, at) => [array.length, ...encodeProperties(encoder, array, at)],
            make: (_decoder, [, length]) => new Array(length),
            fill: (decoder, array, node) => decodeProperties(decoder, array, node, 2),
        },
        M: {
            node: (encoder, map, at) => [...map].flatMap(([key, value], i) =>
                [encoder.value(key, at, `key ${i}`), encoder.value(value, at, `value ${i}`)]),
            make: () => new Map(),
            fill(decoder, map, node) {
                for (let i = 1; i < node.length; i += 2)
                    map.set(decoder.value(node[i]), decoder.value(node[i + 1]));
            },
        },
        S: {
            node: (encoder, set, at) => [...set].map((item, i) => encoder.value(item, at, `item ${i}`)),
            make: () => new Set(),
            fill(decoder, set, [, ...items]) {
                for (const item of items)
                    set.add(decoder.value(item));
            },
        },
        d: {node: (_encoder, date) => [date.getTime()], make: (_decoder, [, time]) => new Date(time ?? NaN)},
        r: {
            node: (_encoder, {source, flags}) => [source, flags],
            make: (_decoder, [, source, flags]) => new RegExp(source, flags),
        },
        b: {node: (encoder, bytes) => [encoder.blob(bytes)], make: (decoder, [, blob]) => decoder.blobs[blob]},
        B: {
            node: (encoder, buffer) => [encoder.blob(new GLib.Bytes(new Uint8Array(buffer)))],
            make: (decoder, [, blob]) => decoder.blobs[blob].toArray().buffer,
        },
        t: {
            node: (encoder, view, at) => [
                view[Symbol.toStringTag],
                encoder.value(view.buffer, at, 'buffer'),
                view.byteOffset,
                view.length ?? view.byteLength,
            ],
            make: (decoder, [, name, buffer, ...place]) => new VIEWS[name](decoder.value(buffer), ...place),
        },
        v: {
            node: (encoder, variant) => [variant.get_type_string(), encoder.blob(variant.get_data_as_bytes())],
            make: (decoder, [, type, blob]) =>
                GLib.Variant.new_from_bytes(new GLib.VariantType(type), decoder.blobs[blob], false),
        },
        e: {node: encodeError, make: decodeError, fill: fillError},
        g: {
            node: (_encoder, error) => [GLib.quark_to_string(error.domain), error.code, error.message, error.stack],
            make(_decoder, [, domain, code, message, stack]) {
                const error = new GLib.Error(GLib.quark_from_string(domain), code, message);

                setHidden(error, 'stack', stack);
                return error;
            },
        },
    };

    const tags = new Map([
        [Object.prototype, 'o'],
        [null, 'N'],
        [Map.prototype, 'M'],
        [Set.prototype, 'S'],
        [Date.prototype, 'd'],
        [RegExp.prototype, 'r'],
        [ArrayBuffer.prototype, 'B'],
        [GLib.Bytes.prototype, 'b'],
        [GLib.Variant.prototype, 'v'],
        ...Object.values(VIEWS).map(View => [View.prototype, 't']),
    ]);

    function getTag(value) {
        const prototype = Object.getPrototypeOf(value);

        if (prototype === Array.prototype)
            return Object.keys(value).length === value.length && !value.includes(undefined) ? 'a' : 'A';
        return tags.get(prototype) ?? (value instanceof Error ? 'e' : value instanceof GLib.Error ? 'g' : undefined);
    }

    function encodeProperties(encoder, object, at) {
        return Object.keys(object).flatMap(key => [key, encoder.value(object[key], at, key)]);
    }

    // Defined, not assigned: a key may be __proto__.
    function decodeProperties(decoder, object, node, start = 1) {
        for (let i = start; i < node.length; i += 2) {
            const value = decoder.value(node[i + 1]);

            Object.defineProperty(object, node[i], {value, writable: true, enumerable: true, configurable: true});
        }
    }

    function setHidden(object, key, value) {
        Object.defineProperty(object, key, {value, writable: true, enumerable: false, configurable: true});
    }

    // An error of a class of one's own is one of the nearest class that everybody has, with its name.
    function encodeError(encoder, error, at) {
        const base = Object.keys(ERRORS).filter(name => error instanceof ERRORS[name]).pop();
        const hidden = ['cause', 'errors'].filter(key => Object.hasOwn(error, key) && !isEnumerable(error, key));

        return [
            base,
            [String(error.name), String(error.message), String(error.stack), error.fileName, error.lineNumber],
            hidden.flatMap(key => [key, encoder.value(error[key], at, key)]),
            ...encodeProperties(encoder, error, at),
        ];
    }

    function isEnumerable(object, key) {
        return Object.prototype.propertyIsEnumerable.call(object, key);
    }

    // By its constructor the engine would note the stack of this very place in the error, where nothing can take it away,
    // and logError() shows that one rather than `stack`. Of a SyntaxError it shows the place in the source, if it is one of
    // the constructor.
    function makeError(base, message) {
        if (base === 'SyntaxError')
            return new SyntaxError(message);

        const error = Object.create(ERRORS[base].prototype);

        setHidden(error, 'message', message);
        if (base === 'AggregateError')
            setHidden(error, 'errors', []);
        // For who asks Object.prototype.toString().
        setHidden(error, Symbol.toStringTag, 'Error');
        return error;
    }

    function decodeError(_decoder, [, base, [name, message, stack, fileName, lineNumber]]) {
        const error = makeError(base, message);

        if (error.name !== name)
            setHidden(error, 'name', name);
        for (const [key, value] of Object.entries({stack, fileName, lineNumber}))
            setHidden(error, key, value);
        return error;
    }

    function fillError(decoder, error, node) {
        const [, , , hidden] = node;

        for (let i = 0; i < hidden.length; i += 2)
            setHidden(error, hidden[i], decoder.value(hidden[i + 1]));
        decodeProperties(decoder, error, node, 4);
    }

    class Encoder {
        #root;
        #objects = [];
        #numbers = new Map();
        #places = [];       // [the number of the object that it was found in, its key there]

        blobs = [];

        constructor(root) {
            this.#root = root;
        }

        value(value, parent, key) {
            switch (typeof value) {
            case 'string':
            case 'boolean':
                return value;
            case 'number':
                return Number.isFinite(value) && !Object.is(value, -0) ? value
                    : ['n', Object.is(value, -0) ? '-0' : String(value)];
            case 'undefined':
                return ['u'];
            case 'bigint':
                return ['i', String(value)];
            case 'object':
                return value === null ? null : [this.#number(value, parent, key)];
            default:
                return this.#refuse(value, parent, key);
            }
        }

        blob(bytes) {
            return this.blobs.push(bytes) - 1;
        }

        // Not recursive: a list of a million links has a million nodes, one after the other.
        encode(value) {
            const root = this.value(value, -1, '');
            const nodes = [];

            for (let i = 0; i < this.#objects.length; i++) {
                const object = this.#objects[i];
                const tag = getTag(object);

                if (tag === undefined)
                    this.#refuse(object, ...this.#places[i]);
                nodes.push([tag, ...codecs[tag].node(this, object, i)]);
            }

            return JSON.stringify([root, nodes]);
        }

        #number(object, parent, key) {
            let number = this.#numbers.get(object);

            if (number === undefined) {
                number = this.#objects.push(object) - 1;
                this.#numbers.set(object, number);
                this.#places.push([parent, key]);
            }
            return number;
        }

        #path(parent, key) {
            const steps = [];

            for (; parent >= 0; [parent, key] = this.#places[parent])
                steps.unshift(showStep(this.#objects[parent], key));
            return this.#root + steps.join('');
        }

        #refuse(value, parent, key) {
            const path = this.#path(parent, key);
            const direction = this.#root === 'args' ? 'to' : 'from';

            const hint = isThenable(value) ? ': await it first' : '';

            throw new TypeError(`${path} is ${describe(value)} and cannot cross ${direction} a realm${hint}`);
        }
    }

    function showStep(object, key) {
        if (object instanceof Map || object instanceof Set)
            return `.<${key}>`;
        if (/^\d+$/.test(key))
            return `[${key}]`;
        return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    }

    function isThenable(value) {
        return typeof value === 'object' && typeof value.then === 'function';
    }

    function describe(value) {
        if (typeof value === 'function' || typeof value === 'symbol')
            return `a ${typeof value}`;
        if (value instanceof Promise)
            return 'a promise';
        if (value instanceof imports.gi.Tl.Future)
            return 'a future';
        if (value instanceof GObject.Object)
            return `a GObject, ${value.constructor.$gtype.name},`;

        const prototype = Object.getPrototypeOf(value);
        const name = Object.hasOwn(prototype, 'constructor') ? prototype.constructor?.name : '';

        return name ? `an instance of ${name}` : 'an object with a prototype of its own';
    }

    class Decoder {
        #nodes;
        #objects;

        constructor(nodes, blobs) {
            this.#nodes = nodes;
            this.#objects = new Array(nodes.length);
            this.blobs = blobs;
        }

        value(value) {
            if (!Array.isArray(value))
                return value;

            const [tag, text] = value;

            switch (tag) {
            case 'u':
                return undefined;
            case 'n':
                return Number(text);
            case 'i':
                return BigInt(text);
            default:
                return this.#object(tag);
            }
        }

        // Each is made before it is filled, so that it is there for who refers to it.
        decode(root) {
            for (let i = 0; i < this.#nodes.length; i++)
                this.#object(i);
            for (const [i, node] of this.#nodes.entries())
                codecs[node[0]].fill?.(this, this.#objects[i], node);
            return this.value(root);
        }

        #object(i) {
            return this.#objects[i] ??= codecs[this.#nodes[i][0]].make(this, this.#nodes[i]);
        }
    }

    /**
     * Throws a TypeError that names the place of what cannot cross.
     *
     * @param {any} value what is to cross
     * @param {string} root how a path in it begins; 'args' for what goes to a realm
     * @returns {object} the text, an empty one for undefined; the blobs or null; whether it is `tagged`, or just JSON
     */
    function encode(value, root) {
        if (value === undefined)
            return {text: '', blobs: null, tagged: false};
        if (isJson(value, 0, new Set()))
            return {text: JSON.stringify(value), blobs: null, tagged: false};

        const encoder = new Encoder(root);
        const text = encoder.encode(value);

        return {text, blobs: encoder.blobs.length > 0 ? encoder.blobs : null, tagged: true};
    }

    /** The counterpart of encode(). */
    function decode(text, blobs, tagged) {
        if (!tagged)
            return text === '' ? undefined : JSON.parse(text);

        const [root, nodes] = JSON.parse(text);

        return new Decoder(nodes, blobs).decode(root);
    }

    return {encode, decode};
})();
