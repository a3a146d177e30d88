// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported _init */

// What `imports.gi.Tl` and `import Tl from 'gi://Tl?version=1'` have beyond the typelib. GJS calls it once, with the
// namespace as `this`. It is a classic script, since GJS cannot load any other kind here.

function _init() {
    const Tl = this;

    imports.overrides.threadloop.future.init(Tl);
    imports.overrides.threadloop.native.init(Tl);
    imports.overrides.threadloop.work.init(Tl);
    imports.overrides.threadloop.executor.init(Tl);
    imports.overrides.threadloop.eventThread.init(Tl);
    imports.overrides.threadloop.guards.init(Tl);

    // In a realm it gives what goes on there.
    Tl.currentTask = () => null;
}
