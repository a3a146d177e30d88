// SPDX-License-Identifier: LGPL-2.1-or-later

// A module of which the tests import functions into realms.

import GLib from 'gi://GLib';

export const VERSION = 3;

let calls = 0;

export function sum(...numbers) {
    return numbers.reduce((a, b) => a + b, 0);
}

export async function slowly(value, milliseconds) {
    await new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, milliseconds, () => {
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
    return value;
}

export function* countdown(from) {
    while (from > 0)
        yield from--;
}

export function count() {
    return ++calls;
}

export function pid() {
    return Number(GLib.file_read_link('/proc/self'));
}

/** What cannot be had of a module. */
export class Counter {}

export const settings = {depth: 2, compare: (a, b) => a - b};
