#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// A window with a spinner that goes on turning while pictures are found and
// loaded.
//
//     spinner.js [DIR]
//     spinner.js --self-test      measures how late a 60 Hz timer is and why, prints it and ends
//
// A generator in a realm looks for the pictures; the progress bar is bound to the
// progress of its future. Each picture that it yields is loaded by a native
// call, GdkPixbuf.Pixbuf.new_from_file_at_scale(), on a worker thread. As the
// generator is asked for the next picture when there is room for it, no more
// than a few are on the way. With "Load it here" the same function is called in
// the main loop instead: look at the spinner.

import Gio from 'gi://Gio?version=2.0';
import GLib from 'gi://GLib?version=2.0';
import gi from 'gi';
import System from 'system';
import Tl from 'gi://Tl?version=1';

// What there may not be; the tests skip who ends like this.
const EXIT_SKIPPED = 77;

let Gdk, GdkPixbuf, Gtk;
try {
    // Not with await import(): a main loop that is run after an await at the top level runs nothing that is
    // awaited.
    Gtk = gi.require('Gtk', '4.0');
    Gdk = gi.require('Gdk', '4.0');
    GdkPixbuf = gi.require('GdkPixbuf', '2.0');
} catch (error) {
    printerr(`spinner: ${error.message}`);
    System.exit(EXIT_SKIPPED);
}

const THUMBNAIL = 96;
const MAX_PICTURES = 200;
const IN_FLIGHT = 2 * GLib.get_num_processors();
const FRAME_MS = 1000 / 60;

/** In a realm, so all that it needs has to be in it. It may block. */
async function* findPictures(path) {
    const {Gio} = imports.gi;
    const {FileType, FileQueryInfoFlags} = Gio;

    function* list(directory) {
        let entries;
        try {
            entries = directory.enumerate_children('standard::name,standard::type',
                FileQueryInfoFlags.NOFOLLOW_SYMLINKS, null);
        } catch {
            return;
        }
        for (let info; (info = entries.next_file(null)) !== null;)
            yield [entries.get_child(info), info.get_file_type()];
        entries.close(null);
    }

    function* walk(file, type) {
        if (type === FileType.REGULAR && /\.(png|jpe?g|svg)$/i.test(file.get_uri()))
            yield file.get_path();
        else if (type === FileType.DIRECTORY)
            yield* walkAll([...list(file)]);
    }

    function* walkAll(children) {
        for (const child of children)
            yield* walk(...child);
    }

    const children = [...list(Gio.File.new_for_path(path))];
    for (const [i, child] of children.entries()) {
        this.progress(i / children.length, child[0].get_basename());
        yield* walk(...child);
    }
    this.progress(1, 'all of it');
}

/** What this thread has had of a processor, in milliseconds. That it had to wait for one is the machine's doing. */
function processorTime() {
    const [, text] = GLib.file_get_contents('/proc/thread-self/schedstat');
    return Number(new TextDecoder().decode(text).split(' ')[0]) / 1e6;
}

/** How late a timer is that should tick as often as the screen is drawn, and how long the loop was busy meanwhile. */
class Lateness {
    worst = 0;
    busiest = 0;
    #ran = processorTime();
    #due = GLib.get_monotonic_time() / 1000 + FRAME_MS;
    #source = GLib.timeout_add(GLib.PRIORITY_DEFAULT, FRAME_MS, () => this.#look());

    #look() {
        const now = GLib.get_monotonic_time() / 1000;
        this.worst = Math.max(this.worst, now - this.#due);
        this.#due = now + FRAME_MS;

        const ran = processorTime();
        this.busiest = Math.max(this.busiest, ran - this.#ran);
        this.#ran = ran;
        return GLib.SOURCE_CONTINUE;
    }

    stop() {
        GLib.source_remove(this.#source);
        // It may be late just now.
        this.#look();
    }
}

class Window {
    #executor = new Tl.Executor({name: 'pictures', maxWorkers: GLib.get_num_processors()});
    #finding = null;
    #loading = new Set();

    constructor(application, directory) {
        this.directory = directory;
        this.spinner = new Gtk.Spinner({spinning: true, widthRequest: 48, heightRequest: 48});
        this.bar = new Gtk.ProgressBar({showText: true, hexpand: true, valign: Gtk.Align.CENTER});
        this.loadButton = Gtk.Button.new_with_label('Load');
        this.cancelButton = new Gtk.Button({label: 'Cancel', sensitive: false});
        this.hereButton = Gtk.CheckButton.new_with_label('Load it here');
        this.pictures = new Gtk.FlowBox({selectionMode: Gtk.SelectionMode.NONE, valign: Gtk.Align.START,
            maxChildrenPerLine: 12});

        const tools = new Gtk.Box({spacing: 12, marginTop: 12, marginBottom: 12, marginStart: 12, marginEnd: 12});
        for (const widget of [this.spinner, this.bar, this.hereButton, this.loadButton, this.cancelButton])
            tools.append(widget);
        const content = new Gtk.Box({orientation: Gtk.Orientation.VERTICAL});
        content.append(tools);
        content.append(new Gtk.ScrolledWindow({child: this.pictures, vexpand: true}));

        this.window = new Gtk.ApplicationWindow({application, title: 'Pictures', child: content,
            defaultWidth: 900, defaultHeight: 600});
        this.loadButton.connect('clicked', () => this.load().catch(logError));
        this.cancelButton.connect('clicked', () => this.cancel());
        this.window.connect('close-request', () => {
            this.close().catch(logError);
            return false;
        });
        this.window.present();
    }

    cancel() {
        for (const future of [this.#finding, ...this.#loading])
            future?.cancel();
    }

    async close() {
        this.cancel();
        await this.#executor.shutdown();
    }

    /** Resolves to how many pictures it were when all are shown, or it was cancelled. */
    async load() {
        const here = this.hereButton.active;
        this.pictures.remove_all?.() ?? this.#clear();
        this.loadButton.sensitive = false;
        this.cancelButton.sensitive = true;
        this.#finding = this.#executor.submit(findPictures, this.directory);
        const {progress} = this.#finding;
        const bindings = [
            progress.bind_property('fraction', this.bar, 'fraction', 0),
            progress.bind_property('message', this.bar, 'text', 0),
        ];
        let shown = 0;
        try {
            for await (const path of this.#finding) {
                const args = [path, THUMBNAIL, THUMBNAIL, true];
                if (here)
                    this.#show(GdkPixbuf.Pixbuf.new_from_file_at_scale(...args), path);
                else
                    await this.#loadAside(args);
                if (++shown === MAX_PICTURES)
                    break;
            }
            await Promise.allSettled(this.#loading);
        } catch (error) {
            if (!(error instanceof GLib.Error && error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED)))
                throw error;
            this.bar.text = 'Cancelled';
        } finally {
            bindings.forEach(binding => binding.unbind());
            this.#finding = null;
            this.loadButton.sensitive = true;
            this.cancelButton.sensitive = false;
        }
        return shown;
    }

    /** Resolves when there is room for another one. */
    async #loadAside([path, ...size]) {
        const future = this.#executor.submit(GdkPixbuf.Pixbuf.new_from_file_at_scale, path, ...size);
        this.#loading.add(future);
        future.then(pixbuf => this.#show(pixbuf, path), error => this.#failed(error))
            .finally(() => this.#loading.delete(future));
        if (this.#loading.size >= IN_FLIGHT)
            await Promise.race(this.#loading);
    }

    #failed(error) {
        // A file that is no picture after all, say. That it was cancelled is known.
        if (!error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED))
            printerr(`spinner: ${error.message}`);
    }

    #show(pixbuf, path) {
        // Widgets belong to this thread.
        this.pictures.insert(new Gtk.Picture({
            paintable: Gdk.Texture.new_for_pixbuf(pixbuf), tooltipText: path,
            widthRequest: THUMBNAIL, heightRequest: THUMBNAIL, canShrink: false,
        }), -1);
    }

    // Gtk.FlowBox.remove_all() is of GTK 4.12.
    #clear() {
        for (let child; (child = this.pictures.get_first_child()) !== null;)
            this.pictures.remove(child);
    }
}

// ---- The self-test ----

function sleep(ms) {
    return new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, ms, () => {
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
}

/** Pictures of the size that cameras make. */
function makePictures(n) {
    const directory = GLib.dir_make_tmp('spinner-XXXXXX');
    const [width, height] = [2400, 1800];
    const pixels = Uint8Array.from({length: width * height * 3}, (_, i) => (i ^ i >> 9) & 255);
    const pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(new GLib.Bytes(pixels), GdkPixbuf.Colorspace.RGB, false, 8,
        width, height, width * 3);
    const first = Gio.File.new_for_path(`${directory}/0.png`);
    pixbuf.savev(first.get_path(), 'png', [], []);
    for (let i = 1; i < n; i++)
        first.copy(Gio.File.new_for_path(`${directory}/${i}.png`), Gio.FileCopyFlags.NONE, null, null);
    return directory;
}

function removePictures(directory, n) {
    for (let i = 0; i < n; i++)
        Gio.File.new_for_path(`${directory}/${i}.png`).delete(null);
    Gio.File.new_for_path(directory).delete(null);
}

async function measure(what, work) {
    const lateness = new Lateness();
    const shown = await work();
    lateness.stop();

    const {worst, busiest} = lateness;
    print(`${what.padEnd(24)} ${worst.toFixed(1)} ms late and busy for ${busiest.toFixed(1)} ms at most, ` +
        `${shown} pictures`);
    return [busiest, shown];
}

async function selfTest(application) {
    const n = 24;
    const directory = makePictures(n);
    const window = new Window(application, directory);
    await sleep(1000);
    await measure('the spinner alone', () => sleep(1000).then(() => 0));
    window.hereButton.active = true;
    const [blocked, loadedHere] = await measure('loaded in the main loop', () => window.load());
    window.hereButton.active = false;
    const [unblocked, loaded] = await measure('loaded on other threads', () => window.load());
    const [, cancelled] = await measure('cancelled after 200 ms', () => {
        sleep(200).then(() => window.cancel());
        return window.load();
    });
    await window.close();
    removePictures(directory, n);
    window.window.destroy();
    if (loadedHere !== n || loaded !== n || cancelled > n || unblocked > blocked)
        throw new Error('spinner: the self-test failed');
}

// ---- The program ----

if (!Gtk.init_check()) {
    printerr('spinner: there is no display');
    System.exit(EXIT_SKIPPED);
}

const [argument = '/usr/share'] = System.programArgs;
const application = new Gtk.Application({applicationId: 'org.example.Spinner', flags: Gio.ApplicationFlags.NON_UNIQUE});
let exitStatus = 0;
application.connect('activate', () => {
    if (argument !== '--self-test') {
        new Window(application, argument);
        return;
    }
    application.hold();
    selfTest(application).catch(error => {
        logError(error);
        exitStatus = 1;
    }).finally(() => application.release());
});
application.run([System.programInvocationName]);
System.exit(exitStatus);
