# SPDX-License-Identifier: LGPL-2.1-or-later

"""Native calls: functions of libraries, which a worker runs without the interpreter.

To an executor they are work as any other, whose function spends its time in the
library. PyGObject lets go of the interpreter there.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import MethodType
from typing import Any
from weakref import WeakKeyDictionary

from ._future import _describe
from ._local import local
from ._native import GLib, GObject, Tl
from ._values import append, from_values

__all__ = ["NativeFunction", "prepare"]

#: What PyGObject has for a function of a library.
_FunctionInfo: Any = type(Tl.thread_run)


class NativeFunction:
    """A function of a library that was looked up. It is kept for the process, as the library keeps it."""

    def __init__(self, native: Any) -> None:
        self.native = native
        #: What futures and messages call it.
        self.__qualname__: str = native.get_name()
        self.takes_cancellable: bool = native.takes_cancellable()
        #: What is still to be made of each result, or None.
        self.converts = [_convert_for(native, i) for i in range(native.get_n_results())]

    def new_call(self, args: tuple[Any, ...]) -> Any:
        """A `Tl.Call` with these arguments. Raises TypeError if they are wrong."""
        values = Tl.Values.new(None)
        for i, arg in enumerate(args):
            try:
                append(values, arg)
            except (TypeError, ValueError, RecursionError) as error:
                raise TypeError(f"{self.__qualname__}(): {self._name_of_param(i)} {error}") from None
        return _as_type_error(lambda: Tl.Call.new(self.native, values))

    def _name_of_param(self, i: int) -> str:
        return str(self.native.get_param_name(i)) if i < self.native.get_n_params() else f"argument {i + 1}"

    def __call__(self, call: Any) -> Any:
        """On the worker: runs what `new_call()` has made."""
        assert local.running is not None
        results = from_values(call.run(local.running[-1].cancellable if self.takes_cancellable else None))
        for i, convert in enumerate(self.converts):
            if convert is not None and results[i] is not None:
                results[i] = convert(results[i])
        return None if not results else results[0] if len(results) == 1 else tuple(results)


def _convert_for(native: Any, i: int) -> Callable[[Any], Any] | None:
    if native.result_is_bytes(i):
        return lambda result: result.get_data() or b""
    enum = native.get_result_enum(i)
    return _enum_of(enum) if enum is not None else None


def _enum_of(name: str) -> Callable[[Any], Any]:
    namespace, _, name = name.partition(".")
    cls = getattr(import_module(f"gi.repository.{namespace}"), name)

    def convert(number: int) -> Any:
        try:
            return cls(number)
        except ValueError:
            # What a newer library has, and its typelib has not.
            return number

    return convert


def _as_type_error(fn: Callable[[], Any]) -> Any:
    # What cannot be called, or not with these arguments, is a mistake in the
    # program and no failure of the work.
    try:
        return fn()
    except GLib.Error as error:
        raise TypeError(error.message) from None
    except UnicodeEncodeError as error:
        raise TypeError(f"there is no function with such a name: {error.reason}") from None


# ---- What is called ----

_functions: dict[str, NativeFunction] = {}
_methods: WeakKeyDictionary[type, dict[str, NativeFunction]] = WeakKeyDictionary()
#: Methods as their classes have them, by their symbols.
_unbound: dict[str, Any] = {}


def _remembered(known: dict[str, NativeFunction], name: str, find: Callable[[], Any]) -> NativeFunction:
    function = known.get(name)
    if function is None:
        function = known.setdefault(name, NativeFunction(_as_type_error(find)))
    return function


def _by_name(name: str) -> NativeFunction:
    return _remembered(_functions, name, lambda: Tl.Callable.lookup(name))


def _is_bound(info: Any, symbol: str) -> bool:
    """Whether it is not what its class has, but what PyGObject before 3.52 makes when it is asked of an object."""
    if not info.is_method() or _unbound.get(symbol) is info:
        return False
    container = info.get_container()
    cls = getattr(import_module(f"gi.repository.{info.get_namespace()}"), container.get_name(), None)
    if all(vars(base).get(info.__name__) is not info for base in getattr(cls, "__mro__", ())):
        return True
    _unbound[symbol] = info
    return False


def prepare(target: Any, args: tuple[Any, ...]) -> tuple[NativeFunction, Any]:
    """The function that is to be called, and a `Tl.Call` of it. Raises TypeError."""
    if isinstance(target, MethodType) and isinstance(target.__func__, _FunctionInfo):
        # Constructors know their class.
        if not isinstance(target.__self__, type):
            raise _refuse_bound(target.__func__)
        target = target.__func__
    if isinstance(target, str):
        function = _by_name(target)
    elif isinstance(target, _FunctionInfo):
        symbol = target.get_symbol()
        if _is_bound(target, symbol):
            raise _refuse_bound(target)
        function = _by_name(symbol)
    elif isinstance(getattr(target, "__gtype__", None), GObject.GType) and not isinstance(target, type):
        if not args or not isinstance(args[0], str):
            raise TypeError(f"call() wants the name of a method after {_describe(target)}: "
                            "call(object, 'method', ...)")
        name = args[0]
        known = _methods.setdefault(type(target), {})
        function = _remembered(known, name, lambda: Tl.Callable.lookup_method(target.__gtype__, name))
        args = (target, *args[1:])
    elif callable(target):
        raise TypeError(f"call() is for functions of libraries, and {_describe(target)} is one of Python: "
                        "submit() it, or give the name of the library's, such as 'GLib.usleep'")
    else:
        raise TypeError("call() wants a function of a library, its name such as 'GLib.usleep', or an object and the "
                        f"name of a method, and got {_describe(target)}")
    return function, function.new_call(args)


def _refuse_bound(info: Any) -> TypeError:
    name = info.__name__
    return TypeError(f"call() cannot see what object the method {name}() was taken from; give that first: "
                     f"call(object, {name!r}, ...)")
