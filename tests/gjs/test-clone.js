// SPDX-License-Identifier: LGPL-2.1-or-later

// What crosses to a realm, and how: without one, as text and blobs.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {deepEqual, equal, ok, run, test, throws} from './tap.js';

const {encode, decode} = imports.overrides.threadloop.clone;

function cross(value) {
    const {text, blobs, tagged} = encode(value, 'args');

    return decode(text, blobs, tagged);
}

function crosses(value) {
    const copy = cross(value);

    deepEqual(copy, value);
    return copy;
}

function refused(value, message) {
    const error = throws(() => encode(value, 'args'), TypeError);

    equal(error.message, message);
}

test('what JSON has goes as JSON', () => {
    for (const value of [null, true, 'text\u0000\ud800"', 0, -1.5, 1e300, [], {}, [1, [2, [3]]],
        {a: {b: [null, 'c']}, '': 1, 'ключ': 'значение'}]) {
        ok(!encode(value, 'args').tagged);
        crosses(value);
    }
});

test('primitives that JSON has not', () => {
    for (const value of [undefined, NaN, Infinity, -Infinity, -0, 12345678901234567890n, -1n]) {
        equal(cross(value), value);
        crosses([value, {value}]);
    }
});

test('what looks like the encoding of something else', () => {
    for (const value of [['u'], ['n', 'NaN'], [0], [[0], [['o']]], {u: undefined, v: ['u']}, [undefined, ['i', '5']]])
        crosses(value);
});

test('dates, expressions, maps and sets', () => {
    crosses([new Date(0), new Date(NaN), /a+\/"b/giu]);
    crosses(new Map([['key', {value: 1}], [{object: 'as a key'}, undefined], [NaN, -0]]));
    crosses(new Set([1, 'a', undefined, [1]]));
    crosses({deep: new Map([[new Set([new Map()]), [new Date(5)]]])});
});

test('arrays with holes or properties', () => {
    const sparse = [1, , undefined, 4];     // eslint-disable-line no-sparse-arrays
    const copy = crosses(sparse);

    ok(!(1 in copy) && 2 in copy);
    equal(cross(new Array(1e6)).length, 1e6);
    crosses('abc'.match(/b(.)/));
    equal(cross('abc'.match(/b(.)/)).index, 1);
    equal(cross(Object.assign([1, 2], {name: 'pair'})).name, 'pair');
});

test('objects without a prototype, and awkward keys', () => {
    crosses(Object.assign(Object.create(null), {a: 1, b: undefined}));
    for (const extra of [1, undefined]) {
        const copy = cross(JSON.parse(`{"__proto__": {"polluted": 1}, "extra": ${JSON.stringify(extra) ?? null}}`));

        ok(Object.hasOwn(copy, '__proto__'));
        equal(copy.polluted, undefined);
    }

    const awkward = Object.defineProperty({date: new Date(1)}, '__proto__', {value: 5, enumerable: true});

    equal(Object.getOwnPropertyDescriptor(cross(awkward), '__proto__').value, 5);
    equal(Object.getPrototypeOf(cross(awkward)), Object.prototype);
});

test('getters are evaluated, what is not enumerable stays', () => {
    const object = {get now() {
        return new Date(7);
    }, [Symbol('s')]: 1};

    Object.defineProperty(object, 'hidden', {value: 1, enumerable: false});
    deepEqual(cross(object), {now: new Date(7)});
});

test('cycles and shared references', () => {
    const shared = {name: 'shared'};
    const value = {a: shared, b: [shared], map: new Map([[shared, shared]])};

    value.self = value;

    const copy = cross(value);

    equal(copy.self, copy);
    equal(copy.a, copy.b[0]);
    equal(copy.map.get(copy.a), copy.a);

    const [first, second] = cross([shared, shared]);

    equal(first, second);

    const set = new Set();

    set.add(set);
    ok(cross(set).has(cross(set)) === false);
    equal([...cross(set)].length, 1);
});

test('depth is no matter', () => {
    let list = null;

    for (let i = 0; i < 200000; i++)
        list = {next: list};

    let n = 0;

    for (let link = cross(list); link !== null; link = link.next)
        n++;
    equal(n, 200000);
});

test('typed arrays, without text', () => {
    const big = new Uint8Array(1 << 20).map((_, i) => i * 7);
    const {text, blobs} = encode([big], 'args');

    ok(text.length < 200);
    equal(blobs.length, 1);
    crosses(big);

    for (const Type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
        Float32Array, Float64Array])
        crosses(new Type([1, 2, 250]));
    crosses(new BigInt64Array([-1n, 2n]));
    crosses(new BigUint64Array([1n]));
    crosses(new Uint8Array(0));
    crosses(new ArrayBuffer(5));
});

test('views share their buffer', () => {
    const buffer = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]).buffer;
    const [all, part, view, same] = cross([new Uint8Array(buffer), new Uint16Array(buffer, 2, 2),
        new DataView(buffer, 4, 3), buffer]);

    equal(all.buffer, same);
    equal(part.buffer, same);
    equal(part.byteOffset, 2);
    equal(part.length, 2);
    equal(view.byteLength, 3);
    all[4] = 99;
    equal(view.getUint8(0), 99);
    equal(new Uint8Array(buffer)[4], 4);
});

test('GLib.Bytes and GLib.Variant', () => {
    const bytes = new GLib.Bytes(new Uint8Array([1, 0, 255]));
    const [a, b, empty] = cross([bytes, bytes, new GLib.Bytes(new Uint8Array(0))]);

    equal(a, b);
    ok(a instanceof GLib.Bytes && a.equal(bytes));
    equal(empty.get_size(), 0);

    for (const variant of [new GLib.Variant('s', 'text'), new GLib.Variant('()', []),
        new GLib.Variant('a{sv}', {x: new GLib.Variant('(ids)', [1, 2.5, 'three'])}), new GLib.Variant('mx', null)]) {
        const copy = cross({variant}).variant;

        ok(copy instanceof GLib.Variant && copy.equal(variant));
        equal(copy.get_type_string(), variant.get_type_string());
    }
});

test('errors keep what they say', () => {
    const error = Object.assign(new RangeError('too far', {cause: new Date(3)}), {code: 5, data: new Map([[1, 2]])});
    const copy = cross(error);

    ok(copy instanceof RangeError);
    equal(copy.message, 'too far');
    equal(copy.stack, error.stack);
    equal(copy.lineNumber, error.lineNumber);
    deepEqual(copy.cause, new Date(3));
    deepEqual(Object.keys(copy), ['code', 'data']);
    deepEqual(copy.data, new Map([[1, 2]]));
});

test('errors of classes of their own keep the name', () => {
    class HttpError extends TypeError {
        get name() {
            return 'HttpError';
        }
    }
    const copy = cross(new HttpError('404'));

    ok(copy instanceof TypeError);
    equal(copy.name, 'HttpError');
    equal(String(copy), 'HttpError: 404');

    const all = cross(new AggregateError([new Error('one'), 2], 'several'));

    ok(all instanceof AggregateError);
    equal(all.errors[0].message, 'one');
    equal(all.errors[1], 2);

    const circular = new Error('circular');

    circular.cause = circular;
    equal(cross(circular).cause.message, 'circular');
});

test('a GLib.Error is one, by its domain', () => {
    const error = new Gio.IOErrorEnum({code: Gio.IOErrorEnum.NOT_FOUND, message: 'none'});
    const copy = cross({error}).error;

    ok(copy instanceof GLib.Error && copy instanceof Gio.IOErrorEnum);
    ok(copy.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
    equal(copy.message, 'none');
    equal(copy.stack, error.stack);

    const own = cross(new GLib.Error(GLib.quark_from_string('test-own-domain'), 7, 'own'));

    ok(own.matches(GLib.quark_from_string('test-own-domain'), 7));
});

test('what cannot cross is named by its place', () => {
    class Point {}

    refused(() => 1, 'args is a function and cannot cross to a realm');
    refused([1, {rows: [0, 0, 0, {onClick() {}}]}],
        'args[1].rows[3].onClick is a function and cannot cross to a realm');
    refused([Symbol('x')], 'args[0] is a symbol and cannot cross to a realm');
    refused([new Map([['k', [Promise.resolve()]]])], 'args[0].<value 0>[0] is a promise and cannot cross to a realm: await it first');
    refused({'a b': new Point()}, 'args["a b"] is an instance of Point and cannot cross to a realm');
    refused([new WeakMap()], 'args[0] is an instance of WeakMap and cannot cross to a realm');
    refused([Gio.File.new_for_path('/')],
        'args[0] is a GObject, GLocalFile, and cannot cross to a realm');
    refused([Object.create({}), new Point()],
        'args[0] is an object with a prototype of its own and cannot cross to a realm');
    refused([new GLib.DateTime()], 'args[0] is an instance of GLib_DateTime and cannot cross to a realm');
    refused([class List extends Array {}.of(1)], 'args[0] is an instance of List and cannot cross to a realm');

    const error = throws(() => encode({f: isNaN}, 'result'), TypeError);

    equal(error.message, 'result.f is a function and cannot cross from a realm');
});

test('values made at random', () => {
    let seed = Number(GLib.getenv('TL_TEST_SEED') ?? Date.now() % 1e9);

    print(`# TL_TEST_SEED=${seed}`);

    const random = n => {
        seed = seed * 1103515245 + 12345 & 0x7fffffff;
        return Math.floor(seed / 0x80000000 * n);
    };
    const made = [];
    const keep = value => {
        made.push(value);
        return value;
    };
    const list = depth => Array.from({length: random(4)}, () => make(depth - 1));
    const make = depth => {
        switch (random(depth > 0 ? 16 : 8)) {
        case 0: return random(1e6) - 5e5;
        case 1: return String.fromCharCode(random(0xffff), random(128));
        case 2: return [null, undefined, true, NaN, -0, Infinity][random(6)];
        case 3: return BigInt(random(1e9));
        case 4: return random(100) / 7;
        case 5: return new Date(random(1e9));
        case 6: return new Float64Array([random(5), random(7)]);
        case 7: return made.length > 0 ? made[random(made.length)] : null;
        case 8: return keep(new Map(list(depth).map(item => [item, make(depth - 1)])));
        case 9: return keep(new Set(list(depth)));
        case 10: return keep(Object.assign([], {[random(9)]: make(depth - 1)}));
        case 11: return keep(Object.assign(new Error(`e${random(9)}`), {extra: make(depth - 1)}));
        case 12: {
            const object = keep({});

            for (let i = random(5); i > 0; i--)
                object[`k${i}`] = make(depth - 1);
            return object;
        }
        default: return keep(list(depth));
        }
    };

    for (let i = 0; i < 2000; i++)
        crosses(make(5));
});

run();
