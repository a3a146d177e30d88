// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported init */

var {init} = (() => {
    // In a classic script, what is outside of functions is looked up by its name each time.
    const {Object, Promise, imports} = globalThis;
    const {GLib} = imports.gi;
    const {microseconds, refused} = imports.overrides.threadloop.future;
    const {check, text} = imports.overrides.threadloop.options;
    const work = imports.overrides.threadloop.work;

    let Tl;
    let native;

    const methods = {
        submit(fn, ...args) {
            const callable = work.nativeOf(fn);

            if (callable)
                return work.callNative(native.get_executor.call(this), callable, args);

            const error = whyNot(this);
            return error ? refused(error) : work.inRealm(this, realmOf(this), {fn, args});
        },

        call(target, ...args) {
            return work.callNamed(native.get_executor.call(this), target, args);
        },

        async import(specifier, base) {
            const error = whyNot(this);
            if (error)
                throw error;
            return work.importModule(this, () => realmOf(this), specifier, base);
        },

        async stop(options = {}) {
            const {how} = work.checkEnd('stop()', options);
            const pool = work.peekRealms(this);

            await Promise.all([stopNative(this, how), pool?.shutdown(how)]);
        },

        join(timeout = -1, cancellable = null) {
            return native.join.call(this, microseconds(timeout), cancellable);
        },

        // What is submitted there has to get to the same realm.
        get_executor() {
            throw new TypeError('Tl.EventThread.get_executor() has no use in JavaScript: ' +
                'take the submit() of the thread');
        },
    };

    function realmOf(thread) {
        return work.realmsOf(thread, () => ({shared: true, maxRealms: 1, idleTimeout: -1}));
    }

    // As the library says it of native calls.
    function whyNot(thread) {
        if (thread.get_running())
            return null;
        if (thread.get_stopped().done())
            return work.shutDownError(thread);
        return new GLib.Error(Tl.Error, Tl.Error.NOT_STARTED, `${thread.get_name()} has not been started yet`);
    }

    // By a future, as in executors.
    async function stopNative(thread, how) {
        if (how !== 'drain' && thread.get_running())
            work.shutDownNative(native.get_executor.call(thread), how);
        thread.quit();
        await thread.get_stopped();
    }

    function setUp(namespace) {
        Tl = namespace;

        const {EventThread} = Tl;
        native = {};
        for (const name of ['get_executor', 'join'])
            native[name] = EventThread.prototype[name];
        native._init = EventThread.prototype._init;

        const known = {name: text, resources: work.resourceFiles};

        Object.assign(EventThread.prototype, methods, {
            _init(options = {}) {
                const {resources, ...others} = check('Tl.EventThread', options, known);

                native._init.call(this, others);
                work.keepResources(this, resources);
            },
        });
        work.disposable(EventThread.prototype, thread => thread.quit(), thread => thread.stop());

        EventThread.with = (options, body) => work.inScope('Tl.EventThread', body,
            () => {
                const thread = new EventThread(options);
                thread.start();
                return thread;
            },
            thread => thread.stop());
    }

    return {init: setUp};
})();
