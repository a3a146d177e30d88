// SPDX-License-Identifier: LGPL-2.1-or-later

// What can be sent as a function: its source, which has to stand on its own.

/* exported define */

var {define} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Function, Map, Object, String, TypeError, WeakMap} = globalThis;
    // Closures that are made anew for each call have one source; there is no end of sources that are made up at run
    // time.
    const MAX_KNOWN = 1000;

    const byFunction = new WeakMap();
    const bySource = new Map();

    // A function is an expression, or a method or an accessor, which is one in an object only.
    const SHAPES = [
        source => `(${source})`,
        source => `(object => Reflect.ownKeys(object).map(key => Object.getOwnPropertyDescriptor(object, key))` +
            `.map(({value, get, set}) => value ?? get ?? set)[0])({${source}})`,
    ];

    // A function of a module is strict without saying so. In sloppy mode an assignment to what is not there would make
    // a global variable instead of an error.
    const MODES = ['"use strict"; ', ''];

    function refuse(fn, why) {
        throw new TypeError(`${fn.name || 'The function'} cannot be sent to a realm: ${why}`);
    }

    // Compiled, not called.
    function whyNot(code) {
        try {
            Function(code);
            return null;
        } catch (error) {
            return error;
        }
    }

    // In the shape that it has, the engine gets further than in the other.
    function whyInNoShape(source) {
        const [{message}] = SHAPES.map(shape => whyNot(`"use strict"; return ${shape(source)};`))
            .sort((a, b) => b.lineNumber - a.lineNumber || b.columnNumber - a.columnNumber);

        return message;
    }

    function makeDefinition(fn, source) {
        if (/\{\s*\[native code\]\s*\}\s*$/.test(source))
            refuse(fn, 'it is a native or a bound function, which has no source: send one that calls it; ' +
                "for a method of an object of a library take call(object, 'method', ...)");
        if (/^class\b/.test(source))
            refuse(fn, 'it is a class; send a function that uses it');

        for (const mode of MODES) {
            for (const shape of SHAPES) {
                const expression = shape(source);

                if (whyNot(`${mode}return ${expression};`) !== null)
                    continue;
                // Only a module can import().
                if (/\bimport\s*\(/.test(source))
                    return {module: `export default ${expression};\n`};
                return {code: `${mode}return ${expression};`};
            }
        }

        if (/\bimport\s*\.\s*meta\b/.test(source)) {
            refuse(fn, 'it uses import.meta, which belongs to its module: ' +
                'give it what it needs of that as an argument');
        }
        return refuse(fn, `its source cannot stand on its own: ${whyInNoShape(source)}`);
    }

    function defineFunction(fn) {
        if (typeof fn !== 'function')
            throw new TypeError('A function is needed to run in a realm');

        const source = Function.prototype.toString.call(fn);
        let definition = bySource.get(source);

        if (definition === undefined) {
            definition = {...makeDefinition(fn, source), label: fn.name || 'a function without a name'};
            if (bySource.size >= MAX_KNOWN)
                bySource.clear();
            bySource.set(source, definition);
        }
        byFunction.set(fn, definition);

        return definition;
    }

    function defineExport(module, name) {
        const key = `${module}#${name}`;
        let definition = bySource.get(key);

        if (definition === undefined) {
            definition = {uri: String(module), name: String(name), label: `${name} of ${module}`};
            bySource.set(key, definition);
        }
        return definition;
    }

    /**
     * How a realm makes the function of a call; one object for one source. Throws a TypeError where it cannot.
     *
     * @param {object} spec {fn}, or {module, name} for what a module exports
     * @returns {object} {code, label}, {module, label} or {uri, name, label}
     */
    function define({fn, module, name}) {
        if (module !== undefined)
            return defineExport(module, name);
        return byFunction.get(fn) ?? defineFunction(fn);
    }

    return {define};
})();
