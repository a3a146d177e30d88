// SPDX-License-Identifier: LGPL-2.1-or-later

// The subjects of the benchmark that are JavaScript's. It takes what the C
// program takes and prints what that prints; report.py makes tables of it.
//
//     gjs -m bench.js SUBJECT [--rounds=N] [--quick] [--list] [--only=CONTESTANT] [--row=ROW] [--tasks=N]

import GLib from 'gi://GLib?version=2.0';
import System from 'system';

// An await at the top level would not do: while it waits, gjs looks for events
// without ever going to sleep.
const loop = new GLib.MainLoop(null, false);

function version() {
    const n = System.version;
    return `${Math.trunc(n / 10000)}.${Math.trunc(n / 100) % 100}.${n % 100}`;
}

async function main() {
    // Not before: that there is no binding, or no peer, is for report.py to say.
    const {CALLS} = await import('./calls.js');
    const {REALMS} = await import('./realms.js');
    const {runProgram} = await import('./rounds.js');

    if (System.programArgs[0] === '--versions')
        print(JSON.stringify({gjs: version()}));
    else
        await runProgram({...CALLS, ...REALMS});
}

let status = 0;
main().catch(error => {
    status = 1;
    printerr(error.stack);
    printerr(`${error}`);
}).finally(() => loop.quit());
loop.run();
System.exit(status);
