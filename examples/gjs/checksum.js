#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// Prints the checksums of files and of all files in directories, as sha256sum
// does, several at once.
//
// What blocks is a native call: a function of GIO or GLib that runs on a worker
// thread while this one waits for it with `await`. Each reader takes the next
// file of the walk, loads it, has its sum computed and prints it. However many
// files there are, only so many are on the way, because the walk goes on when a
// reader asks it to.
//
// A file that is too large to be loaded takes a loop in the middle, which is no
// single call. That is a function in JavaScript, which runs in a realm: another
// gjs process.
//
// What GIO has as an asynchronous function of its own goes along with that. One
// cancellable stops all of it on Ctrl-C. It is examples/c/checksum.c, in
// JavaScript.

import Gio from 'gi://Gio?version=2.0';
import GLib from 'gi://GLib?version=2.0';
import GObject from 'gi://GObject?version=2.0';
import System from 'system';
import Tl from 'gi://Tl?version=1';

Gio._promisify(Gio.FileEnumerator.prototype, 'next_files_async');

// So many entries of a directory at once.
const CHUNK = 100;

// What is larger is read in pieces.
const LOAD_SIZE = 8 * 1024 * 1024;

// A pipe takes so many bytes as a whole, or not at all.
const PIPE_BUF = 4096;

const ALGORITHMS = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_SIGNAL = 128;
const SIGNALS = [2, 15];

const NOT_FOUND = 'No such file or directory';

const REDRAW_INTERVAL_MS = 100;
const REPORT_INTERVAL_MS = 1000;

// How often it is looked whether the main loop is held up.
const WATCH_INTERVAL_MS = 5;

const ERASE_LINE = '\r\x1b[K';

// Before GLib 2.80, what there is on Unix only was in Gio and GLib.
async function loadUnix() {
    try {
        const [{default: GioUnix}, {default: GLibUnix}] =
            await Promise.all([import('gi://GioUnix?version=2.0'), import('gi://GLibUnix?version=2.0')]);
        // The typelib has gone from one name to the other.
        return {OutputStream: GioUnix.OutputStream, signalAdd: GLibUnix.signal_add ?? GLibUnix.signal_add_full};
    } catch {
        return {OutputStream: Gio.UnixOutputStream, signalAdd: GLib.unix_signal_add};
    }
}

// ---- Names ----

// File names are bytes, which need not be UTF-8. Here they are strings with a
// character for each byte.

function toBytes(string) {
    return Uint8Array.from(string, character => character.charCodeAt(0));
}

function fromText(text) {
    return String.fromCharCode(...new TextEncoder().encode(text));
}

/** The last part of the name. Of all that GIO has for it, only the URI can hold any name. */
function basename(file) {
    const uri = file.get_uri();
    return uri.slice(uri.lastIndexOf('/') + 1)
        .replace(/%(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

const ESCAPES = {'\\': '\\\\', '\n': '\\n', '\r': '\\r'};

function escape(path) {
    return path.replace(/[\\\n\r]/g, character => ESCAPES[character]);
}

function sumLine(sum, path) {
    const escaped = escape(path);
    // A backslash in front tells the reader to undo the escaping.
    return `${escaped === path ? '' : '\\'}${sum}  ${escaped}\n`;
}

/** What the system says, without what GIO was doing to which file. */
function reason(error) {
    return fromText(error.message.slice(error.message.lastIndexOf(': ') + 1).trim());
}

// ---- The console ----

/** Standard output takes no more. */
class OutputError extends Error {}

/** Lines on standard output, and one line of status on the terminal. */
class Console {
    #isTerminal = GLib.log_writer_supports_color(1);
    #lines = [];
    #writing = null;
    #status = '';

    constructor(executor, cancellable, OutputStream) {
        this.executor = executor;
        this.cancellable = cancellable;
        this.output = OutputStream.new(1, false);
        this.errors = OutputStream.new(2, false);
        this.hasStatus = GLib.log_writer_supports_color(2) && GLib.getenv('TERM') !== 'dumb';
    }

    /** Resolves when the line is out, so that who prints goes at the pace of who reads. */
    print(line) {
        this.#lines.push(line);
        this.#writing ??= this.#write();
        return this.#writing;
    }

    async #write() {
        try {
            while (this.#lines.length > 0) {
                let text = this.#lines.shift();
                while (this.#lines.length > 0 && text.length + this.#lines[0].length <= PIPE_BUF)
                    text += this.#lines.shift();
                if (this.#isTerminal && this.#status)
                    text = ERASE_LINE + text + this.#status;
                // A pipe that nobody reads holds up a thread, and not this one.
                await this.executor.submit(Gio.OutputStream.prototype.write_all, this.output, toBytes(text),
                    this.cancellable);
            }
        } catch (error) {
            throw new OutputError(reason(error));
        } finally {
            // Not a turn later: a line that comes meanwhile would be left lying.
            this.#writing = null;
        }
    }

    #writeError(text) {
        this.errors.write_all(toBytes(text), null);
    }

    complain(message) {
        this.#writeError(`${this.#status ? ERASE_LINE : ''}checksum: ${message}\n${this.#status}`);
    }

    setStatus(status) {
        // Not while the terminal is stopped. There will be a later one.
        if (status === this.#status || !this.errors.is_writable())
            return;
        this.#status = status;
        this.#writeError(ERASE_LINE + status);
    }
}

function formatBytes(n) {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    let unit = 0;
    while (n >= 999.95 && unit < units.length - 1) {
        n /= 1000;
        unit++;
    }
    return `${n.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

function secondsSince(time) {
    return Math.max(GLib.get_monotonic_time() - time, 1) / 1e6;
}

/** For how long the main loop was held up, at most, in milliseconds. */
class LoopWatch {
    longest = 0;
    #since = GLib.get_monotonic_time();

    constructor() {
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, WATCH_INTERVAL_MS, () => {
            const now = GLib.get_monotonic_time();
            this.longest = Math.max(this.longest, (now - this.#since) / 1000 - WATCH_INTERVAL_MS);
            this.#since = now;
            return GLib.SOURCE_CONTINUE;
        });
    }
}

// ---- In a realm ----

/** Knows nothing of what is around it here: it runs in another process, where it may block. */
function checksumInPieces(uri, type, size) {
    const {Gio, GLib} = imports.gi;
    const stream = Gio.File.new_for_uri(uri).read(null);
    const checksum = new GLib.Checksum(type);
    for (let done = 0; ;) {
        const bytes = stream.read_bytes(1024 * 1024, null);
        if (bytes.get_size() === 0)
            return checksum.get_string();
        checksum.update(bytes.toArray());
        done += bytes.get_size();
        this.signal.throwIfAborted();
        this.progress(Math.min(done / size, 1), null);
    }
}

// ---- The job ----

class Job {
    #exitStatus = 0;
    #cancellable = new Gio.Cancellable();
    #inRealms = new Set();
    #done = {files: 0, bytes: 0};
    #total = null;

    constructor(options, unix) {
        this.options = options;
        this.unix = unix;
        this.type = GLib.ChecksumType[options.algorithm.toUpperCase()];
        this.readers = new Tl.Executor({name: 'read', maxWorkers: options.jobs});
        // The walk, the counting, and a printing that waits for its reader.
        this.others = new Tl.Executor({name: 'walk', maxWorkers: 3});
        this.console = new Console(this.others, this.#cancellable, unix.OutputStream);
    }

    cancel(exitStatus) {
        this.#exitStatus = exitStatus;
        this.#cancellable.cancel();
        for (const future of this.#inRealms)
            future.cancel();
    }

    #complain(path, message) {
        if (this.#cancellable.is_cancelled())
            return;
        this.console.complain(`${escape(path)}: ${message}`);
        this.#exitStatus ||= EXIT_FAILED;
    }

    // The tree

    /** Regular files: {file, path, size}; `complain` is told of what there is instead of one. */
    async *#walk(complain) {
        const attributes = 'standard::name,standard::type,standard::size';
        for (const argument of this.options.paths) {
            const file = Gio.File.new_for_path(argument);
            const path = fromText(argument);
            try {
                const info = await this.others.submit(Gio.File.prototype.query_info, file, attributes,
                    Gio.FileQueryInfoFlags.NONE, this.#cancellable);
                const type = info.get_file_type();
                if (type === Gio.FileType.REGULAR)
                    yield {file, path, size: info.get_size()};
                else if (type === Gio.FileType.DIRECTORY)
                    yield* this.#walkDirectory(file, path, attributes, complain);
                else
                    // Who asks for the sum of a pipe or of a device by its name is to hear why there is none. A link
                    // that was not followed leads nowhere.
                    complain(path, type === Gio.FileType.SYMBOLIC_LINK ? NOT_FOUND : 'Not a regular file');
            } catch (error) {
                complain(path, reason(error));
            }
        }
    }

    async *#walkDirectory(top, topPath, attributes, complain) {
        const directories = [[top, topPath]];
        while (directories.length > 0 && !this.#cancellable.is_cancelled()) {
            const [directory, path] = directories.pop();
            // Not g_build_filename(), which would make one slash of many.
            const prefix = path.endsWith('/') ? path : `${path}/`;
            try {
                const entries = await this.others.submit(Gio.File.prototype.enumerate_children, directory, attributes,
                    Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, this.#cancellable);
                for (;;) {
                    const infos = await entries.next_files_async(CHUNK, GLib.PRIORITY_DEFAULT, this.#cancellable);
                    if (infos.length === 0)
                        break;
                    for (const info of infos) {
                        const file = entries.get_child(info);
                        const type = info.get_file_type();
                        if (type === Gio.FileType.REGULAR)
                            yield {file, path: prefix + basename(file), size: info.get_size()};
                        else if (type === Gio.FileType.DIRECTORY)
                            directories.push([file, prefix + basename(file)]);
                    }
                }
                entries.close(null);
            } catch (error) {
                complain(path, reason(error));
            }
        }
    }

    async #count() {
        const total = {files: 0, bytes: 0};
        for await (const {size} of this.#walk(() => {})) {
            total.files++;
            total.bytes += size;
        }
        this.#total = total;
    }

    // The files

    async #load({file}) {
        const [bytes] = await this.readers.submit(Gio.File.prototype.load_bytes, file, this.#cancellable);
        this.#done.bytes += bytes.get_size();
        return this.readers.submit(GLib.compute_checksum_for_bytes, this.type, bytes);
    }

    async #readInPieces({file, size}) {
        const future = this.readers.submit(checksumInPieces, file.get_uri(), this.type, size);
        let known = 0;
        future.progress.connect('notify::fraction', ({fraction}) => {
            this.#done.bytes += fraction * size - known;
            known = fraction * size;
        });
        this.#inRealms.add(future);
        try {
            return await future;
        } finally {
            this.#inRealms.delete(future);
        }
    }

    async #read(files) {
        // The readers share one walk, which gives each of them another file.
        for await (const found of files) {
            if (this.#cancellable.is_cancelled())
                return;
            try {
                const sum = await (found.size > LOAD_SIZE ? this.#readInPieces(found) : this.#load(found));
                await this.console.print(sumLine(sum, found.path));
                this.#done.files++;
            } catch (error) {
                if (error instanceof OutputError)
                    throw error;
                this.#complain(found.path, reason(error));
            }
        }
    }

    // The main thread

    #progressText(started) {
        const {files, bytes} = this.#done;
        const text = `${files} files  ${formatBytes(bytes)}  ${formatBytes(bytes / secondsSince(started))}/s`;
        if (this.#total === null)
            return `${text}  counting`;
        const fraction = this.#total.bytes > 0 ? Math.min(1, bytes / this.#total.bytes) : 1;
        return `${`${Math.round(fraction * 100)}%`.padStart(4)} [${'#'.repeat(fraction * 30).padEnd(30)}]  ${text}`;
    }

    #show(started) {
        const text = this.#progressText(started);
        if (this.console.hasStatus)
            this.console.setStatus(text.slice(0, (Number(GLib.getenv('COLUMNS')) || 80) - 1));
        else
            this.console.complain(text);
        return GLib.SOURCE_CONTINUE;
    }

    #interrupted(signal) {
        this.cancel(EXIT_SIGNAL + signal);
        // A second signal kills as usual.
        return GLib.SOURCE_REMOVE;
    }

    async run() {
        const started = GLib.get_monotonic_time();
        const watch = new LoopWatch();
        for (const signal of SIGNALS)
            this.unix.signalAdd(GLib.PRIORITY_DEFAULT, signal, () => this.#interrupted(signal));

        const {progress, jobs} = this.options;
        if (progress === 'always' || (progress === 'auto' && this.console.hasStatus)) {
            this.#count().catch(() => {});
            GLib.timeout_add(GLib.PRIORITY_DEFAULT, this.console.hasStatus ? REDRAW_INTERVAL_MS : REPORT_INTERVAL_MS,
                () => this.#show(started));
        }

        const files = this.#walk((path, message) => this.#complain(path, message));
        try {
            // Twice as many as there are threads: one is read while another is on its way here.
            await Promise.all(Array.from({length: 2 * jobs}, () => this.#read(files)));
        } catch (error) {
            if (!(error instanceof OutputError))
                throw error;
            // All readers find out; the first one to say so is enough.
            if (!this.#cancellable.is_cancelled()) {
                this.console.complain(`standard output: ${error.message}`);
                this.cancel(EXIT_FAILED);
            }
        }

        // The counting may still go on.
        this.#cancellable.cancel();
        await Promise.all([this.readers.shutdown(), this.others.shutdown()]);
        if (this.console.hasStatus)
            this.console.setStatus('');
        const {files: n, bytes} = this.#done;
        this.console.complain(`${n} files, ${bytes} bytes, ${(bytes / 1e6 / secondsSince(started)).toFixed(1)} MB/s, ` +
            `main loop held up for ${watch.longest.toFixed(2)} ms at most`);
        return this.#exitStatus;
    }
}

// ---- The program ----

const HELP = `Usage: checksum.js [OPTION...] [DIR|FILE...]

Checksums of all files below DIR.

  -j, --jobs=N           read so many files at once (default: the number of processors)
  -a, --algorithm=NAME   md5, sha1, sha256 (the default), sha384 or sha512
  --progress=WHEN        show progress: auto (on a terminal, the default), always or never

The lines come in the order in which the files are done. "sha256sum -c" checks
them, "sort -k 2" sorts them.`;

class UsageError extends Error {}

function oneOf(...values) {
    return [value => values.includes(value) ? value : undefined, values.join(', ')];
}

const OPTIONS = {
    jobs: [value => /^\d+$/.test(value) && value >= 1 && value <= 1024 ? Number(value) : undefined,
        'a number from 1 to 1024'],
    algorithm: oneOf(...ALGORITHMS),
    progress: oneOf('auto', 'always', 'never'),
};
const SHORT = {'-j': '--jobs', '-a': '--algorithm'};

function parse(args) {
    const options = {jobs: GLib.get_num_processors(), algorithm: 'sha256', progress: 'auto', paths: []};
    for (args = [...args]; args.length > 0;) {
        const arg = args.shift();
        if (arg === '--') {
            options.paths.push(...args.splice(0));
        } else if (arg === '-h' || arg === '--help') {
            return null;
        } else if (!arg.startsWith('-') || arg === '-') {
            options.paths.push(arg);
        } else {
            const [, option, value = args.shift()] = /^([^=]*)(?:=(.*))?$/s.exec(SHORT[arg] ?? arg);
            const [read, wanted] = OPTIONS[option.slice(2)] ?? [];
            if (read === undefined)
                throw new UsageError(`no such option: ${arg}`);
            const result = read(value ?? '');
            if (result === undefined)
                throw new UsageError(`${option} takes ${wanted}`);
            options[option.slice(2)] = result;
        }
    }
    if (options.paths.length === 0)
        options.paths.push('.');
    return options;
}

/** If standard output is closed, its number goes to the next file that is opened, which is one of GLib's. */
function hasOutput() {
    try {
        return !GLib.file_read_link('/proc/self/fd/1').startsWith('anon_inode:');
    } catch {
        return false;
    }
}

async function main() {
    // A write to a pipe that was closed is an error, not the end: GIO sees to that once it has to do with sockets.
    GObject.type_class_ref(Gio.Socket.$gtype);

    if (!hasOutput()) {
        printerr('checksum: standard output: Bad file descriptor');
        return EXIT_FAILED;
    }
    try {
        const options = parse(System.programArgs);
        if (options !== null)
            return await new Job(options, await loadUnix()).run();
        print(HELP);
        return 0;
    } catch (error) {
        if (!(error instanceof UsageError))
            throw error;
        printerr(`checksum: ${error.message}`);
        return EXIT_USAGE;
    }
}

// With an await at the top level gjs would look for events all the time.
const loop = new GLib.MainLoop(null, false);
let exitStatus = EXIT_FAILED;
main().then(status => (exitStatus = status), logError).finally(() => loop.quit());
loop.run();
System.exit(exitStatus);
