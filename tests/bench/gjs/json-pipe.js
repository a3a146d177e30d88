// SPDX-License-Identifier: LGPL-2.1-or-later

// The parent's side of json-child.js, again as one writes it by hand.

import Gio from 'gi://Gio?version=2.0';

Gio._promisify(Gio.DataInputStream.prototype, 'read_line_async', 'read_line_finish_utf8');
Gio._promisify(Gio.Subprocess.prototype, 'wait_async');

const CHILD = Gio.File.new_for_uri(import.meta.url).get_parent().get_child('json-child.js').get_path();

export class JsonPipe {
    #pending = new Map();
    #last = 0;
    #process = Gio.Subprocess.new(['gjs', '-m', CHILD],
        Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE);
    #input = this.#process.get_stdin_pipe();

    constructor() {
        this.#read().catch(logError);
    }

    async #read() {
        const lines = new Gio.DataInputStream({base_stream: this.#process.get_stdout_pipe()});
        for (;;) {
            const [line] = await lines.read_line_async(0, null);
            if (line === null)
                break;
            const {id, result} = JSON.parse(line);
            this.#pending.get(id)(result);
            this.#pending.delete(id);
        }
    }

    call(name, ...args) {
        return new Promise(resolve => {
            const id = ++this.#last;
            this.#pending.set(id, resolve);
            this.#input.write_all(`${JSON.stringify({id, name, args})}\n`, null);
        });
    }

    async close() {
        this.#input.close(null);
        await this.#process.wait_async(null);
    }
}
