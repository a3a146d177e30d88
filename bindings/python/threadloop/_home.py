# SPDX-License-Identifier: LGPL-2.1-or-later

"""Where things go that must not die on a worker, and where callbacks come."""

from __future__ import annotations

import sys
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from ._local import local
from ._native import GLib, Tl
from ._thread import Thread, empty_locals, is_known

#: How long one turn of the main loop may go on with callbacks, in seconds.
BUDGET = 0.002

#: How long the end of the interpreter waits for what is being released elsewhere, in microseconds.
_PATIENCE = 500_000

_homes: weakref.WeakSet[Home] = weakref.WeakSet()


# The type is the interpreter's own, which has no name for it.
_UnraisableHookArgs: Any = next(cls for cls in tuple.__subclasses__() if cls.__name__ == "UnraisableHookArgs")


def report(message: str, exc: BaseException, source: object) -> None:
    """Says what nobody else will: an error that would be lost."""
    sys.unraisablehook(_UnraisableHookArgs((type(exc), exc, exc.__traceback__, message, source)))


class Grave:
    """What is done with, until the thread that it belongs to comes by."""

    __slots__ = ("context", "items", "rung")

    def __init__(self, context: Any) -> None:
        self.context = context
        self.items: deque[Any] = deque()
        self.rung = False

    def heard(self, error: object, *_: object) -> None:
        # First this: what comes from here on rings again.
        self.rung = False
        if is_known() or self.context.is_owner():
            self.items.clear()
        else:
            self.clear_elsewhere(empty_locals)

    def clear_elsewhere(self, then: Callable[[], None] = lambda: None) -> None:
        # A thread that Python does not know, since nobody else has come. What
        # dies may ask for the current thread, and a dummy would stay.
        thread = Thread("threadloop")
        thread.appear()
        try:
            self.items.clear()
            then()
        finally:
            thread.disappear()

    def __del__(self) -> None:
        # The thread that it belonged to has ended.
        if getattr(self, "items", None) and not is_known():
            self.clear_elsewhere()


class Bell:
    """A bell of the library that a weak reference can be had of."""

    __slots__ = ("__weakref__", "executor", "native")

    def __init__(self, executor: Any, heard: Callable[..., None]) -> None:
        self.executor = executor
        self.native = Tl.Bell.new(executor, heard)


class Letters:
    """Callbacks on their way to a main context, as the bell there knows them."""

    __slots__ = ("bell", "items", "rung")

    def __init__(self) -> None:
        self.items: deque[tuple[Callable[[Any], object], Any]] = deque()
        self.rung = False
        # Weak, since the bell keeps this.
        self.bell: Callable[[], Bell | None] = lambda: None

    def heard(self, error: object, *_: object) -> None:
        self.rung = False
        bell = self.bell()
        end = time.monotonic() + BUDGET
        while self.items:
            callback, future = self.items.popleft()
            if self.items and bell is not None:
                # The callback may run a main loop of its own.
                self.ring(bell)
            try:
                callback(future)
            except Exception as exc:
                report("Exception ignored in a done-callback", exc, callback)
            del callback, future
            if bell is not None and time.monotonic() >= end:
                break
        if self.items and bell is not None:
            self.ring(bell)

    def ring(self, bell: Bell) -> None:
        if self.rung:
            return
        self.rung = True
        try:
            bell.native.ring()
        except GLib.Error:
            # The context has gone, and the callbacks with it.
            self.items.clear()


class Mail:
    """Takes callbacks for a main context. It lives for as long as somebody may have one."""

    __slots__ = ("bell", "letters")

    def __init__(self, context: Any) -> None:
        self.letters = Letters()
        self.bell = Bell(Tl.Executor.new_for_context(context), self.letters.heard)
        self.letters.bell = weakref.ref(self.bell)

    def post(self, box: list[Callable[[Any], object]], future: Any) -> None:
        """The callback is alone in the box, so that it does not die here when it was called and dropped over there."""
        self.letters.items.append((box.pop(), future))
        self.letters.ring(self.bell)


class Home:
    """A thread and its thread-default main context.

    While a main loop runs that context, things are released there. Where none
    does, as in a plain script, the thread does it in its next submit or wait;
    and if it does neither, a thread of the library's does it after a second.
    """

    __slots__ = ("__weakref__", "awaited", "bell", "context", "grave", "items", "mail")

    def __init__(self) -> None:
        # The id of the future that the thread waits for. Who settles that
        # need not ring: the thread looks here when its wait is over.
        self.awaited = 0
        self.context = GLib.MainContext.ref_thread_default()
        self.grave = Grave(self.context)
        self.items = self.grave.items
        # The closure knows the grave and not the home, so that the bell does
        # not keep alive what owns it.
        self.bell = Tl.Bell.new_home(self.grave.heard)
        self.mail: Mail | None = None
        _homes.add(self)

    def ring(self) -> None:
        """After something was added to `items`, for who finds `grave.rung` false."""
        self.grave.rung = True
        try:
            self.bell.ring()
        except GLib.Error:
            # The interpreter ends.
            pass

    def bury(self, thing: object) -> None:
        self.items.append(thing)
        if not self.grave.rung and self.awaited != id(thing):
            self.ring()

    def bury_at(self, things: list[Any], index: int) -> None:
        """Takes one out of the list, so that nobody but this has it in between."""
        which = id(things[index])
        self.items.append(things.pop(index))
        # Who waits for it looks here by itself.
        if not self.grave.rung and self.awaited != which:
            self.ring()

    def get_mail(self) -> Mail:
        if self.mail is None:
            self.mail = Mail(self.context)
        return self.mail


def home_of_thread() -> Home:
    """The calling thread's home, looked up when it is first asked for.

    A context that is pushed later is not noticed here, which costs as much as
    a submit does. What is released in the context before it is still not
    released on a worker.
    """
    home = local.home
    if home is None:
        home = local.home = Home()
    return home


def home_here() -> Home:
    """The home for the present thread-default context of the calling thread."""
    home = local.home
    if home is None or home.context != GLib.MainContext.ref_thread_default():
        home = local.home = Home()
    return home


def forget_all() -> list[Home]:
    """In the child of a fork: bells that others have hung may be rung no more, nor be let go."""
    homes = list(_homes)
    _homes.clear()
    for home in homes:
        home.grave.rung = True
        if home.mail is not None:
            home.mail.letters.rung = True
    local.home = None
    return homes


def close_all() -> None:
    """At the end of the interpreter: nobody calls it from here on."""
    for home in list(_homes):
        home.bell.close(_PATIENCE)
        if home.mail is not None:
            home.mail.bell.native.close(0)
    # What threads have left behind that ended a moment ago, which would die a
    # second later, when there is no interpreter any more.
    Tl.release_now(_PATIENCE)
