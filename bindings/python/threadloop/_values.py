# SPDX-License-Identifier: LGPL-2.1-or-later

"""What Python has, as values of the library, and back.

PyGObject takes one value at a time, and makes a GValue of most things by itself.
For many at once it crashes on None (3.42, 3.50), or leaks what they hold (3.58);
and a GValue that is returned to it is leaked, or is let go while it is in use. So
lists are made one by one, and read into values that were made here.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ._native import GLib, GObject, Tl

__all__ = ["append", "from_values"]

#: Nothing, to the library.
_NULL = GObject.Value()

#: What PyGObject makes the right value of by itself.
_PLAIN = frozenset({bool, float})

_INT_MIN, _INT_END = -(1 << 31), 1 << 31
_INT64_MIN, _INT64_END, _UINT64_END = -(1 << 63), 1 << 63, 1 << 64


# ---- To the library ----

def append(values: Any, arg: Any) -> None:
    """Adds it to a `Tl.Values`. Raises TypeError for what is nothing to the library, in the middle of a sentence."""
    # Not `__class__`, which parameters do not have in PyGObject 3.42.
    cls = type(arg)
    if cls is str:
        values.append(_checked(arg))
    elif cls in _PLAIN:
        values.append(arg)
    elif cls is int:
        values.append(_number(arg))
    elif arg is None:
        values.append(_NULL)
    elif isinstance(arg, type):
        values.append(GObject.Value(GObject.TYPE_GTYPE, GObject.GType(arg)))
    elif isinstance(gtype := getattr(arg, "__gtype__", None), GObject.GType):
        _append_instance(values, arg, gtype)
    else:
        values.append(_converted(arg))


def _append_instance(values: Any, arg: Any, gtype: Any) -> None:
    # Constants that have no type of their own are numbers to the library, too.
    if isinstance(arg, int) and gtype.fundamental not in (GObject.TYPE_ENUM, GObject.TYPE_FLAGS):
        values.append(_number(int(arg)))
        return
    try:
        values.append(arg)
    except (TypeError, RuntimeError):
        raise TypeError(f"is of the type {_name_of(type(arg))}, which cannot be handed over") from None


def _converted(arg: Any) -> Any:
    """For what Python has itself."""
    if isinstance(arg, (bytes, bytearray, memoryview)):
        return GLib.Bytes.new(bytes(arg))
    if isinstance(arg, str):
        return _checked(str.__str__(arg))
    if isinstance(arg, os.PathLike):
        return _checked(os.fsdecode(arg))
    if isinstance(arg, float):
        return float(arg)
    if isinstance(arg, Mapping):
        return _filled(Tl.Values.new_map(None), (thing for item in arg.items() for thing in item))
    if isinstance(arg, Sequence):
        return _filled(Tl.Values.new(None), arg)
    if isinstance(arg, GObject.GType):
        return GObject.Value(GObject.TYPE_GTYPE, arg)
    if hasattr(arg, "__index__"):
        return _number(operator.index(arg))
    if callable(arg):
        raise TypeError("is a Python function, which would run on a worker")
    raise TypeError(f"is of the Python type {_name_of(type(arg))}, which means nothing to the library")


def _filled(values: Any, things: Any) -> Any:
    for thing in things:
        append(values, thing)
    return values


def _checked(text: str) -> str:
    if "\0" in text:
        raise TypeError("has a character 0, where a string ends for the library")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise TypeError("is a text that cannot be said in UTF-8") from None
    return text


def _number(number: int) -> Any:
    if _INT_MIN <= number < _INT_END:
        return number
    if _INT64_MIN <= number < _INT64_END:
        return GObject.Value(GObject.TYPE_INT64, number)
    if 0 <= number < _UINT64_END:
        return GObject.Value(GObject.TYPE_UINT64, number)
    raise TypeError("is a number of more than 64 bits")


def _name_of(cls: type) -> str:
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


# ---- From the library ----

def from_values(values: Any) -> list[Any]:
    """What Python has for each of a `Tl.Values`. It does not depend on the values any more."""
    things = []
    for i in range(values.get_size()):
        value = GObject.Value()
        values.copy_to(i, value)
        things.append(_from_value(value))
    return things


def _from_value(value: Any) -> Any:
    thing = value.get_value()
    if type(thing) is int and not thing and value.g_type == GObject.TYPE_POINTER:
        return None
    if type(thing) is Tl.Values:
        things = from_values(thing)
        return dict(zip(things[::2], things[1::2], strict=True)) if thing.is_map() else things
    return thing
