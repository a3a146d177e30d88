// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported init, lookUp, lookUpName, lookUpMethod, callNative, isRefusal, hint */

// Native calls: which JavaScript function is one of C, and how values get there and back.

var {init, lookUp, lookUpName, lookUpMethod, callNative, isRefusal, hint} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Array, ArrayBuffer, DataView, Map, Object, ReferenceError, Symbol, TypeError, Uint8Array, imports} = globalThis;
    const {Gio, GLib, GObject} = imports.gi;
    const {onResult} = imports.overrides.threadloop.future;

    let Tl;
    let call;           // tl_executor_call()
    let callMethod;     // tl_executor_call_method()

    // What `callables` has for a function that is written in JavaScript.
    const NONE = {callable: null, convert: null};
    const callables = new WeakMap();
    // The same by name: of a class its methods, and all functions.
    const methods = new WeakMap();
    const functions = new Map();

    // The class is not always in what GJS prints of a function; its symbol is.
    const SYMBOL = /\/\* wrapper for native symbol (\w+)\(\) \*\//;

    // On an error: that what was asked for cannot be done on a worker, whether or not it can be done.
    const refusal = Symbol('refusal');

    function refuse(message) {
        const error = new TypeError(message);

        error[refusal] = true;
        return error;
    }

    // What cannot be called, or not with these arguments, is a mistake in the program and no failure of the work.
    function toTypeError(error) {
        if (!(error instanceof GLib.Error))
            return error;
        return error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_SUPPORTED)
            ? refuse(error.message) : new TypeError(error.message);
    }

    function asTypeError(fn) {
        try {
            return fn();
        } catch (error) {
            throw toTypeError(error);
        }
    }

    /** Whether it says that a worker cannot do what was asked for. */
    function isRefusal(error) {
        return error?.[refusal] === true;
    }

    function describe(callable) {
        const n = callable.get_n_results();
        const isBytes = Array.from({length: n}, (_, i) => callable.result_is_bytes(i));

        if (n === 0)
            return {callable, convert: () => undefined};
        if (n === 1)
            return {callable, convert: value => fromValue(value, isBytes[0])};
        return {callable, convert: values => values.unpack().map((value, i) => fromValue(value, isBytes[i]))};
    }

    function symbolOf(fn) {
        if (Object.prototype.toString.call(fn) !== '[object GIRepositoryFunction]')
            return null;
        // What bind() makes of one looks like one, and is none.
        if (!fn.name?.startsWith('bound '))
            return SYMBOL.exec(`${fn}`)?.[1] ?? null;
        throw new TypeError('submit() cannot see what a bound function is bound to: give the object as the first argument, ' +
            "or take call(object, 'method', ...)");
    }

    /**
     * The function of C that a JavaScript function stands for; null for a function that is written in JavaScript.
     */
    function lookUp(fn) {
        let found = callables.get(fn);

        if (found === undefined) {
            const symbol = symbolOf(fn);
            found = symbol !== null ? describe(asTypeError(() => Tl.Callable.lookup(symbol))) : NONE;
            callables.set(fn, found);
        }
        return found === NONE ? null : found;
    }

    function remembered(known, name, find) {
        let found = known.get(name);

        if (found === undefined)
            known.set(name, found = describe(asTypeError(find)));
        return found;
    }

    /** The function of C with a name such as `GLib.usleep`. */
    function lookUpName(name) {
        return remembered(functions, name, () => Tl.Callable.lookup(name));
    }

    /** The function of C behind `target.name()`. */
    function lookUpMethod(target, name) {
        const type = target?.constructor;

        if (type?.$gtype === undefined)
            throw new TypeError('call() takes an object and the name of a method, or the name of a function such as ' +
                "'GLib.usleep'");
        if (!methods.has(type))
            methods.set(type, new Map());
        return remembered(methods.get(type), name, () => Tl.Callable.lookup_method(type.$gtype, name));
    }

    /** Runs what was looked up on the executor. The arguments are checked before anything runs. */
    function callNative(executor, {callable, convert}, args) {
        // GJS passes an object faster than a GValue that holds one, and null faster than an empty array.
        const object = args[0] instanceof GObject.Object ? args.shift() : null;
        const offset = object ? 1 : 0;
        let values = null;
        let future;

        if (args.length > 0)
            values = args.map((arg, i) => toValue(arg, callable, i + offset));
        try {
            future = object
                ? callMethod.call(executor, callable, object, values)
                : call.call(executor, callable, values);
        } catch (error) {
            throw explain(toTypeError(error), callable, object ? [object, ...args] : args);
        }
        return onResult(future, convert);
    }

    function nameOfParam(callable, i) {
        return i < callable.get_n_params() ? callable.get_param_name(i) : `argument ${i + 1}`;
    }

    // The library does not know what is easily confused in this language.
    function explain(error, callable, args) {
        const i = args.findIndex(arg => arg instanceof Tl.Future);

        if (i >= 0)
            return new TypeError(`${callable.get_name()}(): ${nameOfParam(callable, i)} is a future: await it first`);
        if (error.message.endsWith('the object of a method comes first')) {
            const [name] = /[^.]*$/.exec(callable.get_name());

            error.message += `, or take call(object, '${name}', ...)`;
        }
        return error;
    }

    // ---- Functions of libraries that GJS has written anew in JavaScript ----

    const REWRITTEN = {
        GLib: ['', 'Bytes', 'MainLoop', 'Thread', 'Variant', 'VariantDict'],
        GObject: ['', 'Object'],
        Gio: [
            '', 'ActionMap', 'Application', 'DBusConnection', 'DBusInterfaceInfo', 'DBusNodeInfo', 'DBusProxy', 'File',
            'FileEnumerator', 'InputStream', 'ListStore', 'Settings', 'SettingsSchema', 'SimpleAction', 'SimpleActionGroup',
        ],
    };

    // Of a namespace, only what has the function's name: a look at all of it would make all of its classes.
    function keyOf(holder, fn, isNamespace) {
        const keys = isNamespace ? [fn.name] : Object.getOwnPropertyNames(holder);

        return keys.find(key => key !== '' && Object.getOwnPropertyDescriptor(holder, key)?.value === fn);
    }

    /** The name of such a function, or null: for messages alone, since it takes its time. */
    function nameOfRewritten(fn, object) {
        for (const [namespace, classes] of Object.entries(REWRITTEN)) {
            for (const name of classes) {
                const holder = name === '' ? imports.gi[namespace] : imports.gi[namespace][name];
                const key = [holder, holder?.prototype].filter(each => each !== undefined)
                    .map(each => keyOf(each, fn, name === '')).find(found => found !== undefined);

                if (key !== undefined)
                    return [namespace, name, key].filter(part => part !== '').join('.');
            }
        }
        return nameOfMethod(fn, object);
    }

    // Of those that _promisify() has replaced, by the object that they were given.
    function nameOfMethod(fn, object) {
        if (!(object instanceof GObject.Object))
            return null;

        for (let holder = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
            const key = keyOf(holder, fn, false);

            if (key !== undefined)
                return (holder.constructor?.name ?? '').replace('_', '.') + `.${key}`;
        }
        return null;
    }

    /** Adds to what goes wrong with `fn` in a realm, with `args` if they are known, that it is a library's. */
    function hint(error, fn, args = []) {
        if (typeof fn !== 'function' || !(error instanceof TypeError || error instanceof ReferenceError))
            return error;

        const name = nameOfRewritten(fn, args[0]);

        if (name !== null) {
            error.message = `${error.message.replace(/\.$/, '')}. ${name}() is one that GJS has written in JavaScript: ` +
                `call('${name}', ...) takes that of the library`;
        }
        return error;
    }

    function valueOf(gtype, set, content) {
        const value = new GObject.Value();

        value.init(gtype);
        value[set](content);
        return value;
    }

    function isPlain(object) {
        const prototype = Object.getPrototypeOf(object);
        return prototype === null || Object.getPrototypeOf(prototype) === null;
    }

    // GJS makes a GValue of what this returns. The library finds out whether that fits the parameter.
    function toValue(arg, callable, i) {
        switch (typeof arg) {
        case 'string':
        case 'number':
        case 'boolean':
            return arg;
        case 'undefined':
            return null;
        case 'bigint':
            return arg < 0n
                ? valueOf(GObject.TYPE_INT64, 'set_int64', arg) : valueOf(GObject.TYPE_UINT64, 'set_uint64', arg);
        case 'function':
            if (arg.$gtype !== undefined)
                return valueOf(GObject.type_from_name('GType'), 'set_gtype', arg.$gtype);
            break;
        case 'object':
            // Object has a GType as well, and is the class of plain objects and of GTypes.
            if (arg === null || (arg.constructor !== Object && arg.constructor?.$gtype !== undefined))
                return arg;
            if (Array.isArray(arg))
                return Tl.Values.new(arg.map(item => toValue(item, callable, i)));
            if (arg instanceof Uint8Array)
                return new GLib.Bytes(arg);
            if (ArrayBuffer.isView(arg) && !(arg instanceof DataView))
                return Tl.Values.new(Array.from(arg, item => toValue(item, callable, i)));
            if (Object.prototype.toString.call(arg) === '[object GIRepositoryGType]')
                return valueOf(GObject.type_from_name('GType'), 'set_gtype', arg);
            if (isPlain(arg))
                return Tl.Values.new_map(Object.entries(arg).flat().map(item => toValue(item, callable, i)));
        }

        const what = typeof arg === 'function' ? 'a JavaScript function, which cannot be called on another thread'
            : typeof arg === 'symbol' ? 'a symbol' : `a JavaScript ${arg.constructor?.name ?? 'object'}`;
        throw refuse(`${callable.get_name()}(): ${nameOfParam(callable, i)} is ${what}`);
    }

    function fromValue(value, isBytes) {
        if (value instanceof Tl.Values) {
            const items = value.unpack().map(item => fromValue(item, false));

            if (!value.is_map())
                return items;

            const object = {};
            for (let i = 0; i < items.length; i += 2)
                object[items[i]] = items[i + 1];
            return object;
        }
        return isBytes && value !== null ? value.toArray() : value;
    }

    function setUp(namespace) {
        Tl = namespace;
        call = Tl.Executor.prototype.call;
        callMethod = Tl.Executor.prototype.call_method;
    }

    return {init: setUp, lookUp, lookUpName, lookUpMethod, callNative, isRefusal, hint};
})();
