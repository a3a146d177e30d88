// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported init */

// GJS has one thread. A function of C that would call JavaScript on another one gets zeros for an answer, and frees the
// closure where that aborts the process. Such functions are refused before it comes to that.

const ON_A_WORKER = {
    // A deadline trips the cancellable of a call on a thread of its own, with what is connected to it.
    Executor: ['submit_full', 'call_full', 'post', 'set_thread_func'],
    EventThread: ['set_thread_func'],
};

function refuse(what) {
    return function () {
        throw new TypeError(`${what}() would call a JavaScript function on another thread, which GJS does not allow. ` +
            'Take submit(): it runs a native function on a thread, and a JavaScript function in a process of its own');
    };
}

function init(Tl) {
    for (const [name, methods] of Object.entries(ON_A_WORKER)) {
        for (const method of methods)
            Tl[name].prototype[method] = refuse(`Tl.${name}.${method}`);
    }
    // Its constructor is one of C, too, which nothing else can keep from being called.
    Tl.Bell = Object.assign(refuse('Tl.Bell'), {new: refuse('Tl.Bell.new'), new_home: refuse('Tl.Bell.new_home')});
    Tl.set_error_handler = refuse('Tl.set_error_handler');
    Tl.thread_run = refuse('Tl.thread_run');
}
