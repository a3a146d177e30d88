# SPDX-License-Identifier: LGPL-2.1-or-later

"""The library as its typelib shows it, without what this package puts on top."""

import abc
from typing import Any

import gi

try:
    gi.require_version("Tl", "1")
except ValueError as error:
    raise ImportError(
        f"{error}: threadloop needs its library and its typelib, Tl-1.typelib; "
        "if they are not where the system looks, set GI_TYPELIB_PATH and LD_LIBRARY_PATH"
    ) from None

from gi.module import get_introspection_module
from gi.repository import Gio, GLib, GObject

Tl: Any = get_introspection_module("Tl")

# PyGObject makes a class when somebody first asks for it, and two threads that
# do so at the same time get two, of which one does not work.
for _name in ("Bell", "Call", "Callable", "Cancel", "Error", "Future", "FutureState", "Lookout", "Progress", "Shutdown",
              "Values", "WhenFull"):
    getattr(Tl, _name)

#: The classes whose names this package takes for its own faces, see `Face`.
NativeExecutor: Any = Tl.Executor
NativeEventThread: Any = Tl.EventThread


class Face(abc.ABCMeta):
    """The metaclass of what stands in `gi.repository.Tl` for a class of the library.

    PyGObject looks classes up by their names there, when it checks what a
    function of the library is given. It has to find the library's own objects
    to be instances of what it finds. Subclasses may have abstract bases.
    """

    native: Any

    def __instancecheck__(cls, instance: object) -> bool:
        return super().__instancecheck__(instance) or isinstance(instance, cls.native)


__all__ = ["Face", "GLib", "GObject", "Gio", "NativeEventThread", "NativeExecutor", "Tl", "timeout_to_native"]


def timeout_to_native(timeout: float | None) -> int:
    """Seconds as Python has them, in the microseconds that the library wants."""
    return -1 if timeout is None else max(0, int(timeout * 1_000_000))
