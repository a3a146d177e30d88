// SPDX-License-Identifier: LGPL-2.1-or-later

// What realms and hand-made children are given to do. Each function stands on
// its own, as those have to that go to a realm.

export function give(value) {
    return value;
}

/** So many turns of a loop, of work that nothing can be left out of. */
export function spin(turns, value) {
    let x = value | 1;
    for (let i = 0; i < turns; i++) {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
    }
    return x === 0 ? -1 : value;
}
