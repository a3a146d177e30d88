// SPDX-License-Identifier: LGPL-2.1-or-later

// A test program in TAP, as small as it can be:
//
//     import {test, run, equal} from './tap.js';
//
//     test('a future is awaited', async () => equal(await executor.submit(f), 5));
//
//     run();
//
// The tests run one after the other, in the main loop. One that takes longer than its limit has failed, and the next
// one begins; TL_TEST_SLOW is a factor for all limits, for valgrind and slow machines.

import GLib from 'gi://GLib';
import System from 'system';

const SLOW = Number(GLib.getenv('TL_TEST_SLOW') ?? 1);
const SECONDS = 150;
const PATIENCE = 60;

const tests = [];

export class AssertionError extends Error {
    get name() {
        return 'AssertionError';
    }
}

/** Thrown by a test that cannot be made here; see skip(). */
class Skipped extends Error {}

/**
 * Adds a test.
 *
 * @param {string} name what holds if it passes
 * @param {Function} fn throws or rejects if it does not hold
 * @param {object} [options]
 * @param {number} [options.seconds] how long it may take
 */
export function test(name, fn, {seconds = SECONDS} = {}) {
    tests.push({name, fn, seconds: seconds * SLOW});
}

/** Ends the test that calls it: what it needs is not there. */
export function skip(why) {
    throw new Skipped(why);
}

export function sleep(milliseconds) {
    return new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, milliseconds, () => {
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
}

/**
 * Polls, with patience, for what nobody tells of. What is to be collected goes to the predicate by `args`: the engine
 * keeps functions that were called, and with them what they know, for a while.
 */
export async function until(predicate, what = String(predicate), ...args) {
    const end = GLib.get_monotonic_time() + PATIENCE * 1e6 * SLOW;

    while (!await predicate(...args)) {
        if (GLib.get_monotonic_time() > end)
            fail(`waited in vain for ${what}`);
        await sleep(5);
    }
}

export function fail(message) {
    throw new AssertionError(message);
}

export function ok(value, message = `${show(value)} is not true`) {
    if (!value)
        fail(message);
}

export function equal(actual, expected, message = 'not equal') {
    if (!Object.is(actual, expected))
        fail(`${message}: ${show(actual)} instead of ${show(expected)}`);
}

export function match(text, pattern) {
    if (!pattern.test(text))
        fail(`${show(text)} does not match ${pattern}`);
}

export function deepEqual(actual, expected) {
    const path = difference(actual, expected, 'value', new Map());

    if (path !== null)
        fail(`differs at ${path}: ${show(actual)} instead of ${show(expected)}`);
}

/**
 * @param {Function} fn what has to throw
 * @param {RegExp|Function} [expected] what the message matches, the class of the error, or a function that checks it
 * @returns {any} what was thrown
 */
export function throws(fn, expected) {
    try {
        fn();
    } catch (error) {
        return checkError(error, expected);
    }
    return fail('nothing was thrown');
}

/** As throws(), for a promise or for an async function. */
export async function rejects(promise, expected) {
    try {
        await (typeof promise === 'function' ? promise() : promise);
    } catch (error) {
        return checkError(error, expected);
    }
    return fail('it was not rejected');
}

function checkError(error, expected) {
    if (expected instanceof RegExp)
        match(`${error?.name}: ${error?.message}`, expected);
    else if (expected === Error || Error.isPrototypeOf(expected) || expected?.$gtype !== undefined)
        ok(error instanceof expected, `${show(error)} is not a ${expected.name}`);
    else if (expected !== undefined)
        ok(expected(error), `${show(error)} is not the error that was expected`);
    return error;
}

/** Where two values differ, or null. What was compared before is not compared again, so that cycles end. */
function difference(a, b, path, seen) {
    if (Object.is(a, b))
        return null;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
        return path;
    if (seen.get(a) === b)
        return null;
    seen.set(a, b);

    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b))
        return path;
    if (a instanceof Date || a instanceof RegExp)
        return String(a) === String(b) && Object.is(Number(a), Number(b)) ? null : path;
    if (a instanceof GLib.Bytes)
        return a.equal(b) ? null : path;
    if (a instanceof GLib.Variant)
        return a.equal(b) ? null : path;
    if (a instanceof Error && (a.name !== b.name || a.message !== b.message))
        return path;
    if (a instanceof ArrayBuffer)
        return difference(new Uint8Array(a), new Uint8Array(b), path, seen);
    if (a instanceof Map || a instanceof Set)
        return difference([...a], [...b], path, seen);

    const keys = Object.keys(a);

    if (keys.length !== Object.keys(b).length || a.length !== b.length)
        return path;
    for (const key of keys) {
        const found = Object.hasOwn(b, key) ? difference(a[key], b[key], `${path}.${key}`, seen) : `${path}.${key}`;

        if (found !== null)
            return found;
    }
    return null;
}

function show(value) {
    if (value instanceof Error)
        return `${value.name}: ${value.message}`;
    try {
        return (JSON.stringify(value) ?? String(value)).slice(0, 400);
    } catch {
        return String(value);
    }
}

function withLimit({fn, seconds}) {
    return new Promise((resolve, reject) => {
        const limit = GLib.timeout_add(GLib.PRIORITY_DEFAULT, seconds * 1000, () => {
            reject(new AssertionError(`not done after ${seconds} s`));
            return GLib.SOURCE_REMOVE;
        });
        const settle = how => value => {
            const source = GLib.MainContext.default().find_source_by_id(limit);

            source?.destroy();
            how(value);
        };

        (async () => fn())().then(settle(resolve), settle(reject));
    });
}

async function runOne(one, number) {
    try {
        await withLimit(one);
        print(`ok ${number} - ${one.name}`);
        return true;
    } catch (error) {
        if (error instanceof Skipped) {
            print(`ok ${number} - ${one.name} # SKIP ${error.message}`);
            return true;
        }
        print(`not ok ${number} - ${one.name}`);
        for (const line of `${error?.name}: ${error?.message ?? error}\n${error?.stack ?? ''}`.trimEnd().split('\n'))
            print(`# ${line}`);
        return false;
    }
}

/**
 * Runs the tests and ends the program. Names that are given to the program are those of the tests to run, as regular
 * expressions.
 */
export function run() {
    const loop = new GLib.MainLoop(null, false);
    const chosen = tests.filter(({name}) => ARGV.length === 0 || ARGV.some(arg => new RegExp(arg).test(name)));
    let failed = 0;

    print(`1..${chosen.length}`);
    (async () => {
        for (const [i, one] of chosen.entries())
            failed += await runOne(one, i + 1) ? 0 : 1;
    })().finally(() => loop.quit());

    loop.run();
    System.exit(failed > 0 ? 1 : 0);
}
