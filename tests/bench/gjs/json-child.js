// SPDX-License-Identifier: LGPL-2.1-or-later

// What one writes by hand to have a second gjs: requests are lines of JSON on
// standard input, replies are such on standard output, and its main loop runs.

import Gio from 'gi://Gio?version=2.0';
import GLib from 'gi://GLib?version=2.0';

import {give, spin} from './work.js';

Gio._promisify(Gio.DataInputStream.prototype, 'read_line_async', 'read_line_finish_utf8');

const functions = {give, spin};
const loop = new GLib.MainLoop(null, false);

async function openStreams() {
    try {
        const {default: GioUnix} = await import('gi://GioUnix?version=2.0');
        return [GioUnix.InputStream.new(0, false), GioUnix.OutputStream.new(1, false)];
    } catch {
        // Before GLib 2.80.
        return [Gio.UnixInputStream.new(0, false), Gio.UnixOutputStream.new(1, false)];
    }
}

async function serve() {
    const [input, output] = await openStreams();
    const lines = new Gio.DataInputStream({base_stream: input});
    for (;;) {
        const [line] = await lines.read_line_async(0, null);
        if (line === null)
            break;
        const {id, name, args} = JSON.parse(line);
        output.write_all(`${JSON.stringify({id, result: functions[name](...args)})}\n`, null);
    }
}

serve().catch(logError).finally(() => loop.quit());
loop.run();
