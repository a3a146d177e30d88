// SPDX-License-Identifier: LGPL-2.1-or-later

// A realm: the process in which functions run that were submitted. realm.js starts it as
//
//     gjs -m realmHost.js FD SETTINGS
//
// and talks to it through the channel whose other end is FD. It is a module, since only modules can import().
//
// One that is not shared runs one call at a time. Further ones may be sent ahead, and taken back until they are begun
// with: that is what the claims are for.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';
import Tl from 'gi://Tl?version=1';

const [fd, settings] = [Number(ARGV[0]), JSON.parse(ARGV[1])];

const {clone, frames} = importNeighbours();
const {ToRealm, FromRealm, TAGGED, CODE_MASK, FUNCTION_SHIFT, DESCRIBE, WINDOW} = frames;

const channel = Tl.Channel.new_for_fd(fd);
const claims = settings.claims !== null ? Tl.Claims.new_for_fd(settings.claims) : null;
const loop = new GLib.MainLoop(null, false);
const inbox = Tl.Inbox.new(() => {
    inbox.take();
    startWaiting();
});

const functions = new Map();        // by number: {definition, fn}; see make()
const tasks = new Map();            // by id, those that run
const waiting = [];                 // calls that have not begun, or whose function is being loaded, in their order
let starting = false;
let round = 0;
let current = null;

// The files beside this one, wherever that is; the program's own search path stays as it is.
function importNeighbours() {
    const {searchPath} = imports;

    searchPath.unshift(GLib.path_get_dirname(GLib.filename_from_uri(import.meta.url)[0]));
    try {
        return {clone: imports.clone, frames: imports.frames};
    } finally {
        searchPath.shift();
    }
}

/** What a function finds in `this`, and Tl.currentTask() gives while it starts. */
class Task {
    #signal = null;
    #cancellable = null;

    constructor(id) {
        this.id = id;
    }

    /** @returns {Signal} tells whether the call was cancelled */
    get signal() {
        return this.#signal ??= new Signal(this.id);
    }

    /** @returns {Gio.Cancellable} the same, for what GIO does */
    get cancellable() {
        if (this.#cancellable === null) {
            this.#cancellable = new Gio.Cancellable();
            if (this.signal.aborted)
                this.#cancellable.cancel();
            this.signal.addEventListener('abort', () => this.#cancellable.cancel());
        }
        return this.#cancellable;
    }

    progress(fraction, message = null) {
        if (typeof (fraction ?? 0) !== 'number' || typeof (message ?? '') !== 'string')
            throw new TypeError('progress() takes a number from 0 to 1 or null, and a string or null');
        channel.send(FromRealm.PROGRESS, this.id, JSON.stringify([fraction ?? null, message]), null);
    }
}

/** The part of the DOM's AbortSignal that one needs. */
class Signal {
    #id;
    #aborted = false;
    #listeners = new Map();

    onabort = null;
    reason = undefined;

    constructor(id) {
        this.#id = id;
    }

    // Also in a busy loop, in which nothing is heard.
    get aborted() {
        if (!this.#aborted && channel.has(ToRealm.CANCEL, this.#id))
            this.#setAborted();
        return this.#aborted;
    }

    throwIfAborted() {
        if (this.aborted)
            throw this.reason;
    }

    addEventListener(type, listener, {once = true} = {}) {
        if (type === 'abort')
            this.#listeners.set(listener, once);
    }

    removeEventListener(type, listener) {
        if (type === 'abort')
            this.#listeners.delete(listener);
    }

    #setAborted() {
        this.#aborted = true;
        this.reason = new Error('The call was cancelled');
        this.reason.name = 'AbortError';
    }

    /** The host's. */
    abort() {
        if (!this.#aborted)
            this.#setAborted();

        const event = {type: 'abort', target: this};

        for (const listener of [this.onabort, ...this.#listeners.keys()]) {
            try {
                if (typeof listener?.handleEvent === 'function')
                    listener.handleEvent(event);
                else
                    listener?.call(this, event);
            } catch (error) {
                logError(error, 'A listener for abort');
            }
        }
    }
}

// ---- Functions ----

async function load(entry) {
    const {definition} = entry;

    try {
        entry.fn = definition.uri !== undefined
            ? await importExport(definition) : await importSource(withName(definition, `\n\n${definition.module}`));
    } catch (error) {
        entry.fn = error;
    }
    startSoon();
}

async function importExport({uri, name}) {
    const fn = (await import(uri))[name];

    if (typeof fn !== 'function')
        throw new TypeError(`${uri} exports no function ${name}`);
    return fn;
}

// In stacks it stands where others have the name of a file.
function withName({label}, source) {
    return `${source}\n//# sourceURL=realm:${label.replace(/[\s"'`]+/g, '_')}\n`;
}

// From a file of its own: a function that was compiled from a string cannot import(). The engine has two lines before
// those of such a one.
async function importSource(source) {
    const [file, stream] = Gio.File.new_tmp('realm-XXXXXX.js');

    try {
        stream.output_stream.write_all(new TextEncoder().encode(source), null);
        stream.close(null);
        return (await import(file.get_uri())).default;
    } finally {
        file.delete(null);
    }
}

// Before its first call, which may end the realm: `fn` becomes a function, an Error if there is none, or a promise of
// that.
function make(entry) {
    if (entry.definition.code === undefined) {
        entry.fn = load(entry);
        return;
    }
    try {
        entry.fn = Function(withName(entry.definition, entry.definition.code))();
    } catch (error) {
        entry.fn = error;
    }
}

async function describe(uri) {
    return Object.entries(await import(uri)).map(([name, value]) => {
        if (typeof value === 'function')
            return {name, kind: /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function'};
        try {
            clone.encode(value, name);
            return {name, kind: 'value', value};
        } catch (error) {
            return {name, kind: 'other', why: read(error, 'message')};
        }
    });
}

// ---- Calls ----

function send(code, id, {text, blobs, tagged}) {
    channel.send(tagged ? code | TAGGED : code, id, text, blobs);
}

function sendResult(task, value, code = FromRealm.RESULT) {
    let encoded;

    try {
        encoded = clone.encode(value, 'result');
    } catch (error) {
        sendError(task, error);
        return;
    }
    send(code, task.id, encoded);
    end(task);
}

// What was thrown may be anything, and any look at it may throw as well.
function read(thrown, key) {
    try {
        const value = thrown[key];

        return value === undefined ? undefined : String(value);
    } catch {
        return undefined;
    }
}

function isA(thrown, Class) {
    try {
        return thrown instanceof Class;
    } catch {
        return false;
    }
}

function isAbort(error) {
    try {
        return error.name === 'AbortError' ||
            (error instanceof GLib.Error && error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED));
    } catch {
        return false;
    }
}

const RESOURCES = '. A realm has the resources of those files alone that the executor was told: ' +
    'new Tl.Executor({resources: [path]})';

const PLACE = '. A function that is sent to a realm leaves its place behind: have executor.import() look for modules ' +
    'beside that';

// Relative to the file that importSource() has made.
function isMissingBeside(error) {
    const [uri] = /file:\/\/\S+/.exec(error.message) ?? [];

    return uri !== undefined && GLib.path_get_dirname(uri) === GLib.filename_to_uri(GLib.get_tmp_dir(), null);
}

function explain(error) {
    if (isA(error, GLib.Error) && error.matches(Gio.ResourceError, Gio.ResourceError.NOT_FOUND)) {
        const other = new GLib.Error(error.domain, error.code, `${error.message}${RESOURCES}`);

        define(other, 'stack', error.stack, false);
        return other;
    }
    if (!isA(error, Error))
        return error;
    if (error.name === 'ImportError') {
        if (error.message.includes('resource://'))
            error.message += RESOURCES;
        else if (isMissingBeside(error))
            error.message += PLACE;
    }
    if (error instanceof ReferenceError && / is not defined$|undeclared variable \S+$/.test(error.message)) {
        error.message += ' in the realm. A function that is sent to one must stand on its own: give it what it needs ' +
            'as arguments, or have it import() that.';
    }
    return error;
}

function define(object, key, value, enumerable) {
    Object.defineProperty(object, key, {value, writable: true, enumerable, configurable: true});
}

function keysOf(thrown) {
    try {
        return Object.keys(thrown);
    } catch {
        return [];
    }
}

/** An error for one that cannot cross, or has something along that cannot: it lacks just that. `why` says what. */
function substitute(error, why, substitutes = new Map()) {
    const Base = [TypeError, RangeError, ReferenceError, SyntaxError].find(Class => isA(error, Class)) ?? Error;
    const {name} = Base.prototype;
    const other = new Base(read(error, 'message') ?? read(why, 'message') ?? 'What was thrown cannot be read');

    substitutes.set(error, other);
    define(other, 'name', isA(error, Error) ? read(error, 'name') ?? name : name, false);
    define(other, 'stack', read(error, 'stack') ?? '', false);

    for (const key of new Set([...keysOf(error), 'cause', 'errors'])) {
        const [value] = fitting(error, key, substitutes);

        if (value !== undefined)
            define(other, key, value, key !== 'cause' && key !== 'errors');
    }
    return other;
}

// A look at each takes as long as all that is behind it.
const MAX_SUBSTITUTES = 100;

// What of object[key] can cross, in a list, which is empty if nothing can.
function fitting(object, key, substitutes) {
    let value;

    try {
        value = object[key];
        clone.encode(value, key);
        return [value];
    } catch (why) {
        if (isA(value, Error) && (substitutes.has(value) || substitutes.size < MAX_SUBSTITUTES))
            return [substitutes.get(value) ?? substitute(value, why, substitutes)];
        // Those of an AggregateError.
        if (key === 'errors' && Array.isArray(value))
            return [value.flatMap((_error, i) => fitting(value, i, substitutes))];
        return [];
    }
}

function encodeError(error) {
    try {
        return clone.encode(explain(error), 'error');
    } catch (why) {
        return clone.encode(substitute(error, why), 'error');
    }
}

function sendError(task, error) {
    if (isAbort(error) && task.signal.aborted)
        channel.send(FromRealm.CANCELLED, task.id, null, null);
    else
        send(FromRealm.ERROR, task.id, encodeError(error));
    end(task);
}

function end(task) {
    tasks.delete(task.id);
    if (!starting)
        startSoon();
}

// Other iterators, such as those of maps, are values as all others.
function isGenerator(value) {
    return /^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(value));
}

// Makes no more values than were asked for.
async function iterate(task, iterator) {
    try {
        for (;;) {
            while (task.wanted === 0 && !task.signal.aborted)
                await new Promise(resolve => (task.wake = resolve));
            if (task.signal.aborted) {
                await iterator.return?.();
                throw task.signal.reason;
            }

            const {done, value} = await iterator.next();

            if (done) {
                sendResult(task, value, FromRealm.RETURN);
                return;
            }
            task.wanted--;
            try {
                send(FromRealm.VALUE, task.id, clone.encode(value, 'value'));
            } catch (error) {
                await iterator.return?.();
                throw error;
            }
        }
    } catch (error) {
        sendError(task, error);
    }
}

function start({id, entry: {fn}, text, blobs, tagged, cancelled}) {
    const task = new Task(id);
    const outer = current;

    tasks.set(id, task);
    try {
        if (typeof fn !== 'function')
            throw fn;
        if (cancelled)
            task.signal.abort();
        if (settings.shared || cancelled)
            task.signal.throwIfAborted();

        const args = clone.decode(text, blobs, tagged);

        current = task;
        finish(task, fn.apply(task, args));
    } catch (error) {
        sendError(task, error);
    } finally {
        current = outer;
    }
}

// A look at the result may throw: it may be of any kind.
function finish(task, result) {
    if (typeof result?.then === 'function') {
        Promise.resolve(result).then(value => sendResult(task, value), error => sendError(task, error));
    } else if (typeof result === 'object' && isGenerator(result)) {
        task.wanted = WINDOW;
        iterate(task, result);
    } else {
        sendResult(task, result);
    }
}

// From the main loop, and from no job of a promise: no other runs meanwhile, and a function that runs a main loop of its
// own would wait in vain for any of them.
function startSoon() {
    if (waiting.length > 0)
        inbox.add_timeout(0, 1);
}

function startWaiting() {
    while (waiting.length > 0 && (settings.shared || (tasks.size === 0 && !starting))) {
        const [call] = waiting;
        const {entry} = call;

        // What the last call has given is not kept back by this one, which may be busy for long, or end the realm.
        if (claims !== null)
            channel.flush(-1);
        if (!call.begun && claims !== null && !claims.claim(call.round)) {
            // It was taken back.
            waiting.shift();
            continue;
        }
        call.begun = true;
        if (entry.fn === undefined)
            make(entry);
        if (entry.fn instanceof Promise)
            return;

        waiting.shift();
        starting = true;
        start(call);
        starting = false;
    }
}

function heard(kind, id, text, nBlobs, error) {
    const tagged = (kind & TAGGED) !== 0;

    if (error !== null) {
        loop.quit();
        return;
    }

    switch (kind & CODE_MASK) {
    case ToRealm.DEFINE:
        functions.set(id, {definition: JSON.parse(text), fn: undefined});
        break;

    case ToRealm.FORGET:
        functions.clear();
        functions.set(DESCRIBE, {fn: describe});
        break;

    case ToRealm.CALL:
        waiting.push({
            id, round, text, tagged, begun: false, cancelled: false,
            entry: functions.get(kind >>> FUNCTION_SHIFT),
            blobs: frames.takeBlobs(channel, nBlobs),
        });
        startWaiting();
        break;

    case ToRealm.ROUND:
        round = id;
        break;

    case ToRealm.CANCEL: {
        const task = tasks.get(id);
        const call = waiting.find(other => other.id === id);

        task?.signal.abort();
        task?.wake?.();
        if (call !== undefined)
            call.cancelled = true;
        break;
    }

    case ToRealm.NEXT: {
        const task = tasks.get(id);

        if (task !== undefined) {
            task.wanted++;
            task.wake?.();
        }
        break;
    }

    case ToRealm.END:
        loop.quit();
        break;
    }
}

channel.die_with_peer();
for (const path of settings.resources)
    Gio.Resource.load(path)._register();
Object.assign(imports.gi.versions, settings.versions);
imports.searchPath.unshift(...settings.searchPath.filter(path => !imports.searchPath.includes(path)));
Tl.currentTask = () => current;

functions.set(DESCRIBE, {fn: describe});
frames.listen(channel, heard);
channel.send(FromRealm.READY, 0, null, null);
loop.run();
System.exit(0);
