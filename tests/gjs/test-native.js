// SPDX-License-Identifier: LGPL-2.1-or-later

// Native calls: what JavaScript gives a function of C on a worker, and what it gets, beside the direct call.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Tl from 'gi://Tl?version=1';

import {deepEqual, equal, match, ok, rejects, run, skip, test, throws, until} from './tap.js';

const executor = new Tl.Executor({name: 'native', maxWorkers: 2});
const scratch = GLib.dir_make_tmp('tl-native-XXXXXX');
const path = `${scratch}/file.txt`;
const file = Gio.File.new_for_path(path);
GLib.file_set_contents(path, 'contents\n');

// Its accept() waits for ever, and notices a cancellable whenever that is cancelled. (Subprocess.wait() may miss it.)
function makeListener() {
    const listener = new Gio.SocketListener();

    listener.add_any_inet_port(null);
    return listener;
}

// Each is called directly and on a worker, and has to give the same.
const same = {
    'a string': [GLib.path_get_basename, '/a/b.c'],
    'no result': [GLib.usleep, 1],
    'a boolean': [GLib.file_test, path, GLib.FileTest.EXISTS],
    'flags': [GLib.file_test, scratch, GLib.FileTest.IS_DIR | GLib.FileTest.EXISTS],
    'an enumeration': [GLib.compute_checksum_for_string, GLib.ChecksumType.SHA256, 'abc', -1],
    'bytes': [GLib.compute_checksum_for_data, GLib.ChecksumType.MD5, new Uint8Array([1, 2, 3])],
    'GBytes': [GLib.compute_checksum_for_bytes, GLib.ChecksumType.MD5, new GLib.Bytes(new Uint8Array([1, 2, 3]))],
    'an array of strings': [GLib.build_filenamev, ['a', 'b', 'c']],
    'an array of strings that is returned': [GLib.get_system_data_dirs],
    'a path, not UTF-8 alone': [GLib.filename_to_uri, '/ä b', null],
    'null': [GLib.getenv, 'SURELY_NOT_SET_ANYWHERE'],
    'several results': [Gio.content_type_guess, 'a.txt', null],
    'a character': [GLib.unichar_toupper, 'ä'],
    'no character': [GLib.unichar_iscntrl, ''],
    'a character that ends strings': [GLib.unichar_iscntrl, '\0'],
    'a big number': [GLib.format_size, 2 ** 40],
    'a GType': [GObject.type_name, GObject.TYPE_STRING],
    'a class as a GType': [GObject.type_name, Gio.FileInfo],
};

for (const [what, [fn, ...args]] of Object.entries(same)) {
    test(`as the direct call: ${what} (${fn.name})`, async () => {
        deepEqual(await executor.submit(fn, ...args), fn(...args));
    });
}

test('a method takes its object first, and several results are an array', async () => {
    const [contents, etag] = await executor.submit(Gio.File.prototype.load_contents, file, null);

    ok(contents instanceof Uint8Array, 'no Uint8Array');
    equal(new TextDecoder().decode(contents), 'contents\n');
    equal(etag, file.load_contents(null)[2]);
});

test('a boolean that says no more than an error does is left out', async () => {
    const [done, direct] = GLib.file_get_contents(path);

    ok(done);
    deepEqual(await executor.submit(GLib.file_get_contents, path), direct);
    await rejects(executor.submit(GLib.file_get_contents, `${scratch}/none`), GLib.Error);
});

test('call() takes an object and the name of a method', async () => {
    const [contents] = await executor.call(file, 'load_contents', null);

    equal(new TextDecoder().decode(contents), 'contents\n');
    equal(await executor.call(file, 'get_basename'), 'file.txt');
});

test('call() takes the name of a function', async () => {
    equal(await executor.call('GLib.path_get_basename', '/a/b'), 'b');
    equal(await executor.call(new GLib.Variant('(si)', ['a', 1]), 'print', false), "('a', 1)");
});

test('arguments at the end that may be null can be left out', async () => {
    const [contents] = await executor.submit(Gio.File.prototype.load_contents, file);
    equal(contents.length, 9);
});

test('objects come back as what they are', async () => {
    const info = await executor.call(file, 'query_info', 'standard::*', Gio.FileQueryInfoFlags.NONE, null);

    ok(info instanceof Gio.FileInfo);
    equal(info.get_size(), 9);

    const enumerator = await executor.call(Gio.File.new_for_path(scratch), 'enumerate_children', 'standard::name',
        Gio.FileQueryInfoFlags.NONE, null);
    equal((await executor.call(enumerator, 'next_file', null)).get_name(), 'file.txt');
    equal(await executor.call(enumerator, 'next_file', null), null);
    equal(await executor.call(enumerator, 'close', null), true);
});

test('an error of the function is a GLib.Error', async () => {
    const missing = Gio.File.new_for_path(`${scratch}/missing`);
    const error = await rejects(executor.call(missing, 'load_contents', null), GLib.Error);

    ok(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
});

test('a wrong type is a TypeError at the call, which names the parameter and both types', () => {
    match(throws(() => executor.submit(Gio.File.prototype.load_contents, file, 'now'), TypeError).message,
        /load_contents.*cancellable.*Cancellable.*string/);
    match(throws(() => executor.submit(GLib.usleep, 'long'), TypeError).message, /usleep.*microseconds.*string/);
    match(throws(() => executor.submit(GLib.usleep, 1.5), TypeError).message, /usleep.*microseconds.*1\.5/);
    match(throws(() => executor.submit(GLib.usleep, -1), TypeError).message, /usleep.*microseconds/);
    match(throws(() => executor.submit(GLib.usleep), TypeError).message, /usleep.*microseconds|argument/);
    match(throws(() => executor.submit(GLib.usleep, 1, 2), TypeError).message, /usleep.*argument/);
    match(throws(() => executor.submit(Gio.File.prototype.load_contents, new GObject.Object(), null), TypeError).message,
        /Gio\.File/);
    match(throws(() => executor.submit(Gio.File.prototype.load_contents, file, new Date()), TypeError).message, /cancellable.*Date/);
    match(throws(() => executor.submit(GLib.build_filenamev, ['a', {}]), TypeError).message, /args|build_filenamev/);
});

test('a function that wants to call JavaScript is refused, and the parameter is named', () => {
    match(throws(() => executor.submit(GLib.idle_add, 0, () => {}), TypeError).message, /function/);
    match(throws(() => executor.submit(Gio.File.prototype.copy, file, file, 0, null, () => {}), TypeError).message, /callback/);
    throws(() => executor.submit(GLib.Bytes.new, () => {}), TypeError);
});

test('a function that is asynchronous itself is refused, and its twin is named', () => {
    const load = Gio.File.prototype.load_contents_async;

    match(throws(() => executor.submit(load, file, null, null), TypeError).message, /asynchronous itself; take Gio\.File\.load_contents\(\)/);
    match(throws(() => executor.call(file, 'load_contents_async', null), TypeError).message, /asynchronous itself/);
});

test('an object whose class is written in JavaScript is refused', () => {
    const Own = GObject.registerClass(class TlTestOwn extends Gio.SimpleAction {});

    match(throws(() => executor.call(new Own({name: 'own'}), 'get_name'), TypeError).message, /JavaScript/);
});

test('an object with a signal that calls JavaScript is refused, while it does', async () => {
    const action = Gio.SimpleAction.new('a', null);
    const set = enabled => executor.call(action, 'set_enabled', enabled);
    let calls = 0;
    const id = action.connect('notify::enabled', () => calls++);

    match(throws(() => set(false), TypeError).message,
        /set_enabled\(\): self is a GSimpleAction, and a JavaScript function is connected/);
    ok(action.enabled);
    const store = Gio.ListStore.new(GObject.TYPE_OBJECT);
    match(throws(() => executor.call(store, 'append', action), TypeError).message, /item is a GSimpleAction/);
    match(throws(() => executor.call(store, 'splice', 0, 0, [action]), TypeError).message, /additions is a GSimpleAction/);

    GObject.signal_handler_block(action, id);
    await set(false);
    GObject.signal_handler_unblock(action, id);
    throws(() => set(true), TypeError);

    // There it can be called.
    await Tl.Executor.main().call(action, 'set_enabled', true);
    equal(calls, 1);

    action.disconnect(id);
    await set(false);
    equal(calls, 1);
    ok(!action.enabled);
});

test('closures and after-handlers are such handlers, too', () => {
    for (const connect of [
        (object, handler) => object.connect_after('notify', handler),
        (object, handler) => GObject.signal_connect_closure(object, 'activate', handler, false),
    ]) {
        const action = Gio.SimpleAction.new('a', null);
        connect(action, () => {});
        match(throws(() => executor.call(action, 'set_enabled', false), TypeError).message, /JavaScript function is connected/);
    }
});

test('an object with signals that C alone is connected to is not refused', async () => {
    const [action, other] = ['a', 'b'].map(name => Gio.SimpleAction.new(name, null));
    const group = new Gio.SimpleActionGroup();

    action.bind_property('enabled', other, 'enabled', GObject.BindingFlags.DEFAULT);
    group.add_action(action);
    await executor.call(action, 'set_enabled', false);
    ok(!other.enabled);
});

test('a cancellable with a handler in JavaScript is not seen by the function', async () => {
    const cancellable = new Gio.Cancellable();
    const listener = makeListener();
    let calls = 0;

    GObject.Object.prototype.connect.call(cancellable, 'cancelled', () => calls++);
    const future = executor.call(listener, 'accept', cancellable);
    await until(() => future.running());
    cancellable.cancel();
    ok((await rejects(future, GLib.Error)).matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED));
    equal(calls, 1);
    listener.close();

    // Unless that is what it works on.
    match(throws(() => executor.submit(Gio.Cancellable.prototype.reset, cancellable), TypeError).message, /GCancellable/);
});

test('a bound function is told how to say it', () => {
    match(throws(() => executor.submit(file.load_contents.bind(file), null), TypeError).message, /call\(object/);
});

test('a function that GJS has written anew says so, and how to get at that of the library', async () => {
    match((await rejects(executor.submit(Gio.DBusNodeInfo.new_for_xml, '<node/>'), ReferenceError)).message,
        /Gio\.DBusNodeInfo\.new_for_xml\(\) is one that GJS has written.*call\('Gio\.DBusNodeInfo\.new_for_xml', \.\.\.\)/);
    ok(await executor.call('Gio.DBusNodeInfo.new_for_xml', '<node/>') instanceof Gio.DBusNodeInfo);
    match((await rejects(executor.submit(GLib.log_structured, 'a', GLib.LogLevelFlags.LEVEL_DEBUG, {MESSAGE: 'x'}),
        ReferenceError)).message, /call\('GLib\.log_structured'/);

    // By a class that nobody else here needs.
    Gio._promisify(Gio.OutputStream.prototype, 'flush_async', 'flush_finish');
    match(throws(() => executor.submit(Gio.OutputStream.prototype.flush_async, Gio.MemoryOutputStream.new_resizable(), 0, null),
        TypeError).message, /args\[0\] is a GObject.*call\('Gio\.OutputStream\.flush_async'/);

    const own = () => nowhere;                          // eslint-disable-line no-undef

    ok(!/GJS/.test((await rejects(executor.submit(own), ReferenceError)).message));
    ok(!/GJS/.test(throws(() => executor.submit(x => x, file), TypeError).message));
});

test('a future as an argument is to be awaited first', async () => {
    const future = executor.submit(GLib.path_get_basename, '/a/b');

    match(throws(() => executor.submit(GLib.path_get_dirname, future), TypeError).message,
        /^GLib\.path_get_dirname\(\): file_name is a future: await it first/);
    match(throws(() => executor.call(file, 'load_contents', future), TypeError).message, /cancellable is a future/);
    match(throws(() => executor.submit(x => x, {future}), TypeError).message, /args\[0\]\.future is a future.*await it first/);
    match(throws(() => executor.submit(x => x, future.then()), TypeError).message, /args\[0\] is a promise.*await it first/);
    equal(await future, 'b');
});

test('a method without its object, and what has no source, are told of call()', () => {
    match(throws(() => executor.submit(Gio.File.prototype.load_contents, null), TypeError).message,
        /the object of a method comes first, or take call\(object, 'load_contents', \.\.\.\)$/);
    match(throws(() => executor.submit([].push, 1), TypeError).message, /no source.*call\(object, 'method', \.\.\.\)/);
});

test('the main loop runs what is not for workers, since that is where JavaScript is', async () => {
    const main = Tl.Executor.main();
    const Own = GObject.registerClass(class TlTestOwnInMain extends Gio.SimpleAction {});
    const own = new Own({name: 'own'});
    const done = [];

    equal(await main.call(own, 'get_name'), 'own');
    await main.submit(Gio.SimpleAction.prototype.set_enabled, own, false);
    ok(!own.enabled);

    // Callbacks.
    await new Promise(resolve => main.submit(GLib.idle_add, GLib.PRIORITY_DEFAULT, () => {
        done.push('idle');
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
    await new Promise(resolve => main.call('GLib.idle_add', GLib.PRIORITY_DEFAULT, () => {
        done.push('by name');
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
    deepEqual(done, ['idle', 'by name']);

    // What workers get a copy of.
    const checksums = Array.from({length: 3}, () => GLib.Checksum.new(GLib.ChecksumType.SHA256));
    const bytes = new Uint8Array([97]);

    await main.call(checksums[0], 'update', bytes);
    await main.submit(GLib.Checksum.prototype.update, checksums[1], bytes);
    await main.call('GLib.Checksum.update', checksums[2], bytes);
    for (const checksum of checksums)
        equal(checksum.get_string(), GLib.compute_checksum_for_data(GLib.ChecksumType.SHA256, bytes));

    // What is wrong is so there as well, and what a function throws is its error.
    match(throws(() => main.submit(GLib.usleep, 'long'), TypeError).message, /microseconds must be an integer/);
    throws(() => main.call(own, 'no_such_method'), TypeError);
    throws(() => main.call('GLib.no_such_function'), TypeError);
    await rejects(main.submit(GLib.file_get_contents, '/nowhere'), GLib.FileError);
});

test('an unknown name is a TypeError', () => {
    match(throws(() => executor.call(file, 'load_content'), TypeError).message, /load_content/);
    match(throws(() => executor.call('GLib.no_such_function'), TypeError).message, /no_such_function/);
    match(throws(() => executor.call('Nonsense.f'), TypeError).message, /Nonsense/);
    match(throws(() => executor.call(null, 'f'), TypeError).message, /call\(\)/);
});

test('cancelling reaches a function that takes a cancellable and was given none', async () => {
    const listener = makeListener();
    const future = executor.call(listener, 'accept', null);

    await until(() => future.running());
    equal(future.cancel(), Tl.Cancel.REQUESTED);
    const error = await rejects(future, GLib.Error);
    ok(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED));
    listener.close();
});

test('a cancellable that was given cancels, too', async () => {
    const listener = makeListener();
    const cancellable = new Gio.Cancellable();
    const future = executor.call(listener, 'accept', cancellable);

    await until(() => future.running());
    cancellable.cancel();
    ok((await rejects(future, GLib.Error)).matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED));
    ok(future.cancelled());
    listener.close();
});

test('result() waits without a main loop', () => {
    equal(executor.submit(GLib.path_get_dirname, '/a/b').result(10000), '/a');
});

test('the main loop runs while a native call blocks', async () => {
    let turns = 0;
    const id = GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
        turns++;
        return GLib.SOURCE_CONTINUE;
    });
    const listener = makeListener();
    const future = executor.call(listener, 'accept', null);

    await until(() => turns >= 10);
    GLib.source_remove(id);
    ok(!future.done());
    future.cancel();
    await rejects(future, GLib.Error);
    listener.close();
});

test('GdkPixbuf.Pixbuf.new_from_file', async () => {
    const GdkPixbuf = await import('gi://GdkPixbuf').then(module => module.default, () => skip('there is no GdkPixbuf'));
    const pixels = GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, false, 8, 3, 2);
    const image = `${scratch}/image.png`;

    pixels.fill(0x12345678);
    pixels.savev(image, 'png', [], []);
    const pixbuf = await executor.submit(GdkPixbuf.Pixbuf.new_from_file, image);
    deepEqual([pixbuf.width, pixbuf.height], [3, 2]);
    const scaled = await executor.submit(GdkPixbuf.Pixbuf.prototype.scale_simple, pixbuf, 6, 4, GdkPixbuf.InterpType.NEAREST);
    equal(scaled.width, 6);
    equal(await executor.call(scaled, 'savev', `${scratch}/scaled.png`, 'png', [], []), true);
    await rejects(executor.submit(GdkPixbuf.Pixbuf.new_from_file, `${scratch}/none.png`), GLib.Error);
});

test('5,000 calls at a time each give what is theirs', async () => {
    const results = await Promise.all(Array.from({length: 5000}, (_, i) => executor.submit(GLib.path_get_basename, `/a/${i}`)));
    ok(results.every((result, i) => result === `${i}`));
});

test('the last', async () => {
    await executor.shutdown();
    const error = await rejects(executor.submit(GLib.usleep, 1), GLib.Error);
    ok(error.matches(Tl.Error, Tl.Error.SHUT_DOWN));
    GLib.spawn_command_line_sync(`rm -r ${scratch}`);
});

run();
