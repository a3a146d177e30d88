#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// Finds texts that are alike: which copyright files say the same, which README
// is another one's copy.
//
//     similar.js [DIR [REALMS]]
//
// Nearly all of the time goes into JavaScript that computes, in signatures.js.
// An executor imports that file as a module into realms, which are gjs
// processes of its own, and calls what it exports as if it were here. It is done
// with one realm, with two and so on up to the number of processors, and the
// times are printed with how much faster that was.

import GLib from 'gi://GLib?version=2.0';
import System from 'system';
import Tl from 'gi://Tl?version=1';

// Some ten milliseconds of work: little enough that all realms end at about the
// same time, and enough that the way there and back does not count.
const BATCH_LENGTH = 16;

const MAX_GROUPS = 10;
const MAX_NAMES = 4;

function batchesOf(paths) {
    const batches = [];
    for (let i = 0; i < paths.length; i += BATCH_LENGTH)
        batches.push(paths.slice(i, i + BATCH_LENGTH));
    return batches;
}

/** The signatures of all texts, and how long that took, the start of the realms included. */
async function computeIn(maxWorkers, batches) {
    const started = GLib.get_monotonic_time();
    const signatures = await Tl.Executor.with({name: 'similar', maxWorkers}, async executor => {
        const {signaturesOf} = await executor.import('./signatures.js', import.meta.url);
        const results = await Promise.all(batches.map(batch => signaturesOf(batch)));
        return results.flat();
    });
    return {signatures, seconds: (GLib.get_monotonic_time() - started) / 1e6};
}

async function main(directory = '/usr/share/doc', maxRealms = GLib.get_num_processors()) {
    const api = await Tl.Executor.get_default().import('./signatures.js', import.meta.url);
    const paths = await api.findTexts(directory);
    print(`${paths.length} texts below ${directory}`);

    const batches = batchesOf(paths);
    let one, found;
    for (let n = 1; n <= maxRealms; n++) {
        const {signatures, seconds} = await computeIn(n, batches);
        one ??= seconds;
        found = signatures;
        print(`${n} realm${n === 1 ? ' ' : 's'}  ${seconds.toFixed(2)} s  ${(one / seconds).toFixed(2)} times as fast`);
    }

    const groups = await api.groupsOf(paths, found);
    print(`${groups.length} groups of texts that are alike`);
    for (const group of groups.slice(0, MAX_GROUPS)) {
        print(`${group.length} of them:`);
        group.slice(0, MAX_NAMES).forEach(path => print(`    ${path}`));
    }
}

// With an await at the top level gjs would look for events all the time, on a
// processor that the realms need.
const loop = new GLib.MainLoop(null, false);
let exitStatus = 1;
const [directory, realms] = System.programArgs;
main(directory, realms && Number(realms)).then(() => (exitStatus = 0), logError).finally(() => loop.quit());
loop.run();
System.exit(exitStatus);
