// SPDX-License-Identifier: LGPL-2.1-or-later

// Native calls of all functions of the libraries that GObject introspection itself is tested with: each gives what the
// direct call gives, or is refused for a reason that is known here. No function is left out: they are those that the
// repository has, and one that is nowhere in the tables has failed.

import GIMarshallingTests from 'gi://GIMarshallingTests';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Regress from 'gi://Regress';
import Tl from 'gi://Tl?version=1';

import * as marshalling from './gi-marshalling.js';
import * as regress from './gi-regress.js';
import {functionsOf} from './introspect.js';
import {deepEqual, fail, match, run, skip, test, throws} from './tap.js';

// What is freed too often GLib complains of.
GLib.log_set_always_fatal(GLib.LogLevelFlags.LEVEL_CRITICAL | GLib.LogLevelFlags.LEVEL_ERROR);

const executor = new Tl.Executor({name: 'marshalling', maxWorkers: 2});

const UNSAID = {...marshalling.unsaid, ...regress.unsaid};

// What a value is, in terms that can be compared: two boxed or objects are never the same.
function contents(value, depth = 0) {
    if (typeof value === 'function')
        return 'a function';
    if (typeof value !== 'object' || value === null)
        return value;
    if (Array.isArray(value))
        return value.map(item => contents(item, depth));
    if (value instanceof Uint8Array)
        return {bytes: [...value]};
    if (value instanceof GLib.Bytes)
        return {gbytes: [...value.toArray()]};
    if (value instanceof GLib.Date)
        return {date: value.get_julian()};
    if (value instanceof GLib.Variant)
        return {variant: value.print(true)};
    if (value instanceof GLib.Error)
        return {domain: value.domain, code: value.code, message: value.message};
    if (value instanceof GObject.ParamSpec)
        return {property: value.get_name(), type: value.value_type.name};
    if (Object.prototype.toString.call(value) === '[object GIRepositoryGType]')
        return {type: value.name};
    if (value.constructor === Object || value.constructor === undefined)
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, contents(item, depth)]));
    return {is: value.constructor.name, ...depth < 2 ? fields(value, depth) : {}};
}

// Those of a pointer are not for GJS.
const SIMPLE = ['gboolean', 'gchar', 'guchar', 'gint', 'guint', 'glong', 'gulong', 'gint64', 'guint64', 'gfloat',
    'gdouble', 'gchararray', 'GStrv'];

function namesOf(value) {
    if (value instanceof GObject.Object) {
        return GObject.Object.list_properties.call(value.constructor)
            .filter(pspec => pspec.flags & GObject.ParamFlags.READABLE && SIMPLE.includes(pspec.value_type.name))
            .map(pspec => pspec.get_name());
    }
    return Object.getOwnPropertyNames(Object.getPrototypeOf(value))
        .filter(name => Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value), name).get);
}

// Of a struct its fields, of an object its properties, as far as GJS can read them.
function fields(value, depth) {
    const found = {};

    for (const name of namesOf(value)) {
        if (UNSAID[value.constructor.name]?.includes(name))
            continue;
        try {
            found[name] = contents(value[name], depth + 1);
        } catch {
            found[name] = 'unreadable';
        }
    }
    return found;
}

// A direct call says `true` as well where an error says all of it.
function withoutTrue(value, {throws: canThrow}) {
    if (!canThrow || !Array.isArray(value) || value[0] !== true)
        return value;

    const [, ...rest] = value;
    return rest.length === 1 ? rest[0] : rest;
}

// Where nothing says that a list may be null, one that is not there is empty.
function likeLists(native, other) {
    if (Array.isArray(native) && Array.isArray(other))
        return native.map((item, i) => likeLists(item, other[i]));
    if (other === null && typeof native === 'object' && native !== null && Object.keys(native).length === 0)
        return null;
    return native;
}

async function outcome(call) {
    try {
        return {gives: contents(await call())};
    } catch (error) {
        if (error instanceof GLib.Error)
            return {throws: contents(error)};
        throw error;
    }
}

// GJS 1.90 aborts where a function that its library does not have is touched.
function isAbsent(name) {
    try {
        Tl.Callable.lookup(name);
    } catch {
        return true;
    }
    return false;
}

function isFunctionOf(holder, name) {
    return /wrapper for native symbol/.test(holder[name]);
}

function addTest(namespace, module, table, one) {
    const {type, name, isMethod} = one;
    const key = type ? `${type}.${name}` : name;
    const fullName = `${namespace}.${key}`;
    const known = table.aliases[key] ?? key;
    const found = table.refused[known] ?? table.cases[known];
    const spec = Array.isArray(found) || typeof found === 'function' ? {args: found} : found ?? {};
    const holderOf = container => isMethod ? module[container].prototype : container ? module[container] : module;
    const fn = () => holderOf(type)[name];

    // New ones for each call.
    function makeArguments() {
        const {args = [], self = table.objects[type]} = spec;

        return [...isMethod ? [self()] : [], ...typeof args === 'function' ? args() : args];
    }

    async function expected() {
        if ('gives' in spec)
            return {gives: contents(spec.gives)};

        const [method, container] = (spec.like ?? key).split('.').reverse();
        const [self, ...args] = isMethod ? makeArguments() : [undefined, ...makeArguments()];
        const result = await outcome(() => withoutTrue(holderOf(container)[method].call(self, ...args), one));

        return isMethod ? {...result, self: contents(self)} : result;
    }

    async function given(call, wanted) {
        const args = makeArguments();
        const result = await outcome(() => call(args));

        if ('gives' in result)
            result.gives = likeLists(result.gives, wanted.gives);
        return 'self' in wanted ? {...result, self: contents(args[0])} : result;
    }

    if (key in table.never) {
        test(fullName, () => skip(table.never[key]));
    } else if (table.absent.includes(key) && isAbsent(fullName)) {
        test(`${fullName}: is not in its library`, () => throws(() => executor.call(fullName), TypeError));
    } else if (known in table.refused) {
        test(`${fullName}: is refused`, () => {
            // Without arguments it is the function that is refused, whatever it is given.
            const args = spec.args ? makeArguments() : [];

            match(throws(() => executor.submit(fn(), ...args), TypeError).message, spec.says);
            match(throws(() => executor.call(fullName, ...args), TypeError).message, spec.says);
        });
    } else {
        test(fullName, async () => {
            if (!found && Tl.Callable.lookup(fullName).get_n_params() > (isMethod ? 1 : 0))
                fail('it takes arguments, and nothing says which');

            const wanted = await expected();

            if (isFunctionOf(holderOf(type), name))
                deepEqual(await given(args => executor.submit(fn(), ...args), wanted), wanted);
            deepEqual(await given(args => executor.call(fullName, ...args), wanted), wanted);
        });
    }
}

for (const [namespace, module, table] of [
    ['GIMarshallingTests', GIMarshallingTests, marshalling],
    ['Regress', Regress, regress],
]) {
    for (const one of functionsOf(namespace))
        addTest(namespace, module, table, one);
}

test('the last', () => executor.shutdown());

run();
