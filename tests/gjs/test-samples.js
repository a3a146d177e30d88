// SPDX-License-Identifier: LGPL-2.1-or-later

// The samples of the pages run as they stand: each ```js block that imports something is a program.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {equal, ok, run, test} from './tap.js';

const top = GLib.Uri.resolve_relative(import.meta.url, '../../', GLib.UriFlags.NONE);
const scratch = GLib.dir_make_tmp('tl-samples-XXXXXX');
const self = GLib.file_read_link('/proc/self/exe');

function read(name) {
    const [, contents] = Gio.File.new_for_uri(GLib.Uri.resolve_relative(top, name, GLib.UriFlags.NONE)).load_contents(null);
    return new TextDecoder().decode(contents);
}

function programs(page) {
    const found = [];

    for (const match of page.matchAll(/^```js\n(.*?)^```$/gms)) {
        const line = page.slice(0, match.index).split('\n').length;
        // What has a name in its first line is a file that another one imports.
        const [, file] = /^\/\/ (\S+\.js)$/m.exec(match[1].split('\n', 1)[0]) ?? [];

        found.push({line, text: match[1], file});
    }
    return found;
}

async function runProgram(path) {
    const child = Gio.Subprocess.new([self, '-m', path], Gio.SubprocessFlags.STDOUT_PIPE | Gio.SubprocessFlags.STDERR_PIPE);
    const [out, err] = await new Promise((resolve, reject) => child.communicate_utf8_async(null, null, (_, result) => {
        try {
            const [, ...texts] = child.communicate_utf8_finish(result);
            resolve(texts);
        } catch (error) {
            reject(error);
        }
    }));
    return {out, err, status: child.get_if_exited() ? child.get_exit_status() : -1};
}

for (const page of ['README.md', 'doc/javascript.md']) {
    const samples = programs(read(page));

    test(`${page} has samples`, () => ok(samples.some(sample => !sample.file)));

    for (const {line, text, file} of samples) {
        const path = `${scratch}/${file ?? `${page.replace('/', '-')}-${line}.js`}`;
        GLib.file_set_contents(path, text);
        if (file || !/^import /m.test(text))
            continue;

        test(`${page}:${line} runs`, async () => {
            const {out, err, status} = await runProgram(path);
            // What it prints is promised in comments: // → text
            const promised = [...text.matchAll(/\/\/ → (.*)$/gm)].map(match => match[1]);

            equal(err, '');
            equal(status, 0);
            for (const expected of promised)
                ok(out.includes(expected), `${JSON.stringify(expected)} was not printed, but ${JSON.stringify(out)}`);
        });
    }
}

test('the last', () => {
    GLib.spawn_command_line_sync(`rm -r ${scratch}`);
});

run();
