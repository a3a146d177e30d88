# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions of libraries that workers call by themselves."""

from __future__ import annotations

import asyncio
import concurrent.futures
import enum
import gc
import hashlib
import os
import random
import socket
import threading
import warnings
import weakref
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import gi
import pytest
from conftest import SOON, Gate, Pools, eventually, run_loop, script
from gi.repository import Gio, GLib, GObject, Tl

import threadloop
from threadloop import EventThread, Executor

try:
    gi.require_version("TlMarshal", "1")
    from gi.repository import TlMarshal
except (ImportError, ValueError):
    TlMarshal = None

needs_marshal = pytest.mark.skipif(TlMarshal is None, reason="the library of the tests has no typelib here")

WAIT = "Gio.Socket.condition_wait"
M = "TlMarshal."


class Line:
    """A socket that a call waits for, until there is something to read."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.ours = ours
        self.socket = Gio.Socket.new_from_fd(theirs.detach())

    @property
    def args(self) -> tuple[Any, ...]:
        return self.socket, GLib.IOCondition.IN

    def open(self) -> None:
        self.ours.send(b".")


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.open()
    line.ours.close()


@pytest.fixture
def file(tmp_path: Path) -> Any:
    path = tmp_path / "file"
    path.write_bytes(b"abc\n")
    return Gio.File.new_for_path(str(path))


def direct(name: str) -> Any:
    """What PyGObject has of that name."""
    namespace, *rest = name.split(".")
    return reduce(getattr, rest, getattr(__import__("gi.repository", fromlist=[namespace]), namespace))


# ---- Beside the direct call ----

DAY = GLib.DateTime.new_utc(2020, 2, 29, 1, 2, 3)
HERE = os.path.dirname(os.path.abspath(__file__))
DIR = Gio.File.new_for_path(HERE)
TUPLE = GLib.Variant("(is)", (5, "a"))
DICT = GLib.Variant("a{sv}", {"a": GLib.Variant("i", 1)})

SAME: list[tuple[Any, ...]] = [
    ("GLib.path_get_basename", "/a/b"),
    ("GLib.path_get_dirname", "/a/b"),
    ("GLib.path_is_absolute", "/a"),
    ("GLib.build_filenamev", ["a", "b"]),
    ("GLib.build_pathv", "/", ["a", "b"]),
    ("GLib.canonicalize_filename", "a/../b", "/"),
    ("GLib.usleep", 1),
    ("GLib.getenv", "THERE_IS_NO_SUCH_VARIABLE"),
    ("GLib.getenv", "PATH"),
    ("GLib.get_user_name",),
    ("GLib.get_system_data_dirs",),
    ("GLib.get_language_names",),
    ("GLib.get_num_processors",),
    ("GLib.file_test", "/", GLib.FileTest.IS_DIR | GLib.FileTest.EXISTS),
    ("GLib.find_program_in_path", "sh"),
    ("GLib.str_has_prefix", "abc", "ab"),
    ("GLib.utf8_strup", "\u00e4b", -1),
    ("GLib.utf8_casefold", "\u00c4B", -1),
    ("GLib.unichar_toupper", "\u00e4"),
    ("GLib.unichar_type", "a"),
    ("GLib.unichar_isalpha", "\u20ac"),
    ("GLib.markup_escape_text", "<a>", -1),
    ("GLib.shell_quote", "a b"),
    ("GLib.uri_escape_string", "a b", None, True),
    ("GLib.uri_unescape_string", "a%20b", None),
    ("GLib.Uri.parse_params", "a=1&b=2", -1, "&", GLib.UriParamsFlags.NONE),
    ("GLib.Uri.is_valid", "http://a/b", GLib.UriFlags.NONE),
    ("GLib.uuid_string_is_valid", "a"),
    ("GLib.format_size", 1 << 40),
    ("GLib.compute_checksum_for_string", GLib.ChecksumType.SHA256, "abc", -1),
    ("GLib.compute_checksum_for_data", GLib.ChecksumType.MD5, b"a\0b"),
    ("GLib.compute_checksum_for_bytes", GLib.ChecksumType.MD5, GLib.Bytes.new(b"abc")),
    ("GLib.base64_encode", b"a\0b"),
    ("GLib.base64_decode", "YQBi"),
    ("GLib.ascii_strtoull", "18446744073709551615", 10),
    ("GLib.DateTime.get_day_of_month", DAY),
    ("GLib.DateTime.format_iso8601", DAY),
    ("GLib.DateTime.get_ymd", DAY),
    ("GLib.Variant.new_uint64", (1 << 64) - 1),
    ("GLib.Variant.new_int64", -(1 << 63)),
    ("GLib.Variant.new_boolean", True),
    ("GLib.Variant.new_string", "\u20ac"),
    ("GLib.Variant.n_children", TUPLE),
    ("GLib.Variant.get_type_string", TUPLE),
    ("GLib.Variant.lookup_value", DICT, "a", None),
    ("GLib.Variant.print_", TUPLE, True),
    ("GObject.type_name", Gio.File),
    ("GObject.type_name", GObject.TYPE_INT),
    ("GObject.type_from_name", "GFile"),
    ("GObject.type_parent", Gio.SimpleAction),
    ("GObject.type_is_a", Gio.SimpleAction, GObject.Object),
    ("Gio.content_type_guess", "a.txt", None),
    ("Gio.content_type_equals", "text/plain", "text/plain"),
    ("Gio.content_type_from_mime_type", "text/plain"),
    ("Gio.dbus_is_name", "a.b"),
    ("Gio.dbus_is_guid", "a"),
    ("Gio.io_error_from_errno", 2),
    ("Gio.File.get_path", DIR),
    ("Gio.File.get_uri", DIR),
    ("Gio.File.query_exists", DIR, None),
    ("Gio.File.query_file_type", DIR, Gio.FileQueryInfoFlags.NONE, None),
    ("Gio.File.has_uri_scheme", DIR, "file"),
    ("Gio.InetAddress.new_from_string", "127.0.0.1"),
    ("Gio.Settings.list_schemas",),
    ("Gio.VolumeMonitor.get",),
]


def comparable(thing: Any) -> Any:
    if isinstance(thing, Gio.InetAddress):
        return thing.to_string()
    if isinstance(thing, tuple):
        return tuple(thing)
    return thing


@pytest.mark.parametrize("case", SAME, ids=lambda case: case[0])
def test_as_the_direct_call(pool: Executor, case: tuple[Any, ...]) -> None:
    name, *args = case
    with warnings.catch_warnings():
        # Some are called otherwise in later releases.
        warnings.simplefilter("ignore")
        try:
            wanted = direct(name.rstrip("_") if not hasattr(GLib.Variant, "print_") else name)(*args)
        except AttributeError:
            pytest.skip("this release has another name for it")
    got = pool.call(name.rstrip("_"), *args).result(SOON)
    assert comparable(got) == comparable(wanted)
    assert type(got) is type(wanted) or isinstance(wanted, tuple)


def test_pictures(pool: Executor, tmp_path: Path) -> None:
    try:
        gi.require_version("GdkPixbuf", "2.0")
        from gi.repository import GdkPixbuf
    except (ImportError, ValueError):
        pytest.skip("no GdkPixbuf")
    pixbuf = pool.call("GdkPixbuf.Pixbuf.new", GdkPixbuf.Colorspace.RGB, False, 8, 5, 3).result(SOON)
    assert (pixbuf.get_width(), pixbuf.get_height()) == (5, 3)
    pool.call(pixbuf, "fill", 0xff0000ff).result(SOON)
    path = str(tmp_path / "a.png")
    assert pool.call("GdkPixbuf.Pixbuf.savev", pixbuf, path, "png", [], []).result(SOON) is True
    again = pool.call(GdkPixbuf.Pixbuf.new_from_file, path).result(SOON)
    assert again.get_pixels()[:3] == b"\xff\0\0"
    done, data = pixbuf.save_to_bufferv("png", [], [])
    assert done and pool.call(pixbuf, "save_to_bufferv", "png", [], []).result(SOON) == bytes(data)
    saved = pool.call("GdkPixbuf.Pixbuf.get_file_info", path).result(SOON)
    assert saved[1:] == (5, 3)


# ---- What can be called ----

def test_ways_to_say_it(pool: Executor, file: Any) -> None:
    for call in [("Gio.File.load_contents", file, None), ("g_file_load_contents", file),
                 ("Gio-2.0.File.load_contents", file), (Gio.File.load_contents, file, None),
                 (file, "load_contents", None), (file, "load_contents")]:
        for _ in range(2):
            content, etag = pool.call(*call).result(SOON)
            assert content == b"abc\n"
            assert isinstance(etag, str)
    assert pool.call(GLib.path_get_dirname, "/a/b").result(SOON) == "/a"
    assert pool.call(Gio.File.new_for_path, "/a").result(SOON).get_path() == "/a"
    assert pool.call(Gio.SimpleAction.new, "one", None).result(SOON).get_name() == "one"


def test_methods_of_what_is_no_object(pool: Executor) -> None:
    assert pool.call(DAY, "get_day_of_month").result(SOON) == 29
    assert pool.call(GLib.DateTime.add_days, DAY, 1).result(SOON).get_month() == 3
    assert pool.call(GLib.Variant("i", 5), "get_int32").result(SOON) == 5
    assert pool.call(GLib.Bytes.new(b"abc"), "get_size").result(SOON) == 3


def test_a_class_of_ours(pool: Executor) -> None:
    class Mine(GObject.Object):
        text = GObject.Property(type=str)

    mine = Mine(text="a")
    store = Gio.ListStore.new(Mine)
    pool.call(store, "append", mine).result(SOON)
    assert store[0] is mine
    assert pool.call(Gio.ListModel.get_item, store, 0).result(SOON) is mine
    pool.call(mine, "set_property", "text", "b").result(SOON)
    assert mine.text == "b"


REFUSED: list[tuple[tuple[Any, ...], str]] = [
    (("GLib.nope",), "nope"),
    (("Nope.nope",), "Nope"),
    (("g_nope",), "g_nope"),
    (("",), ""),
    ((len, []), "submit"),
    ((str.upper, "a"), "submit"),
    ((lambda: None,), "submit"),
    ((GLib.idle_add, None), "'GLib.usleep'"),
    ((None,), "wants a function of a library"),
    ((5,), "wants a function of a library"),
    ((DIR,), "name of a method"),
    ((DIR, 5), "name of a method"),
    ((DIR, "nope"), "no method nope"),
    ((DIR.query_exists, None), r"call\(object, 'query_exists', \.\.\.\)"),
    ((DAY.add_days, 1), r"call\(object, 'add_days', \.\.\.\)"),
    (("GLib.idle_add", 0, None), "callback"),
    (("Gio.File.load_contents_async", DIR, None, None), "_async|asynchronous|load_contents"),
    (("Gio.File.copy", DIR, DIR, 0, None, print), "progress_callback is a Python function"),
    (("GLib.usleep",), "takes 1 argument, not 0"),
    (("GLib.usleep", 1, 2), "takes 1 argument, not 2"),
    (("GLib.usleep", "1"), "microseconds must be an integer .* not a string"),
    (("GLib.usleep", 0.5), "microseconds"),
    (("GLib.usleep", -1), "microseconds"),
    (("GLib.usleep", 1 << 64), "microseconds is a number of more than 64 bits"),
    (("GLib.usleep", None), "microseconds must be .* not null"),
    (("GLib.usleep", 1, object()), "argument 2 is of the Python type object"),
    (("GLib.usleep", len), "microseconds is a Python function"),
    (("GLib.usleep", GLib.usleep), "microseconds is a Python function"),
    (("GLib.build_filenamev", ["a", object()]), "args is of the Python type object"),
    (("GLib.build_filenamev", ["a", 5]), "args"),
    (("GLib.build_filenamev", {"a": "b"}), "args"),
    (("GLib.path_get_basename", b"a"), "file_name must be a string, not bytes"),
    (("GLib.path_get_basename", "a\0b"), "file_name has a character 0"),
    (("GLib.path_get_basename", "\udc80"), "file_name is a text"),
    (("Gio.File.load_contents", GLib.Bytes.new(b"")), "self must be Gio.File, not bytes"),
    (("Gio.File.load_contents", 5), "the object of a method comes first"),
    (("Gio.File.load_contents", DIR, DIR), "cancellable must be Gio.Cancellable"),
    (("Gio.ListStore.new", "Gio.File"), "must be a GType, not a string"),
]


@pytest.mark.parametrize(("call", "says"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_is_wrong_is_said_at_once(pool: Executor, call: tuple[Any, ...], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        pool.call(*call)
    assert pool.n_queued == 0


def test_a_list_in_itself(pool: Executor) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TypeError, match="args"):
        pool.call("GLib.build_filenamev", endless)


# ---- Values ----

@pytest.mark.parametrize("content", [b"", b"a\0b", bytearray(b"abc"), memoryview(b"abcdef")[1:3],
                                     memoryview(b"abcdef")[::2], b"x" * 100_000])
def test_bytes(pool: Executor, content: Any) -> None:
    text = pool.call("GLib.base64_encode", content).result(SOON)
    assert pool.call("GLib.base64_decode", text).result(SOON) == bytes(content)


def test_bytes_that_are_glibs_stay_so(pool: Executor) -> None:
    variant = pool.call("GLib.Variant.new_from_bytes", GLib.VariantType("ay"), GLib.Bytes.new(b"ab"), True).result(SOON)
    assert pool.call(variant, "get_data_as_bytes").result(SOON).get_data() == b"ab"


def test_python_has_more_than_one_kind(pool: Executor) -> None:
    class Text(str):
        def __str__(self) -> str:
            return "another"

    class Number(enum.IntEnum):
        FIVE = 5

    class Index:
        def __index__(self) -> int:
            return 7

    assert pool.call("GLib.path_get_basename", Text("/a/b")).result(SOON) == "b"
    assert pool.call("GLib.path_get_basename", Path("/a/b")).result(SOON) == "b"
    assert pool.call("GLib.Variant.new_int32", Number.FIVE).result(SOON).unpack() == 5
    assert pool.call("GLib.Variant.new_int32", Index()).result(SOON).unpack() == 7
    assert pool.call("GLib.Variant.new_double", 5).result(SOON).unpack() == 5.0
    assert pool.call("GLib.Variant.new_int32", 5.0).result(SOON).unpack() == 5
    assert pool.call("GLib.build_filenamev", ("a", "b")).result(SOON) == "a/b"
    assert pool.call("GLib.build_filenamev", []).result(SOON) == ""
    assert pool.call("GObject.type_name", str).result(SOON) == "gchararray"
    assert pool.call("Gio.File.query_file_type", DIR, 0, None).result(SOON) is not None
    assert pool.call("Gio.File.query_file_type", DIR, 0).result(SOON) == Gio.FileType.DIRECTORY


def test_flags_are_flags(pool: Executor) -> None:
    wanted = Gio.ApplicationFlags.NON_UNIQUE | Gio.ApplicationFlags.IS_SERVICE
    flags = pool.call(Gio.Application(flags=wanted), "get_flags").result(SOON)
    assert flags == wanted
    assert isinstance(flags, Gio.ApplicationFlags)


def test_lists_of_things(pool: Executor) -> None:
    children = [GLib.Variant("i", 1), GLib.Variant("i", 2)]
    assert pool.call("GLib.Variant.new_array", None, children).result(SOON).unpack() == [1, 2]
    assert isinstance(pool.call("Gio.AppInfo.get_all").result(SOON), list)


def test_values_as_they_are(pool: Executor) -> None:
    action = Gio.SimpleAction.new("one", None)
    pool.call("GObject.Object.set_property", action, "enabled", GObject.Value(bool, False)).result(SOON)
    assert action.get_enabled() is False
    pool.call("GObject.Object.set_property", action, "enabled", True).result(SOON)
    assert action.get_enabled() is True


def test_several_results(pool: Executor, file: Any) -> None:
    assert pool.call("GLib.filename_from_uri", "file:///a").result(SOON) == ("/a", None)
    # The boolean is no result where an error says it.
    assert pool.call("GLib.file_get_contents", file.get_path()).result(SOON) == b"abc\n"
    assert pool.call("GLib.shell_parse_argv", "a 'b c'").result(SOON) == ["a", "b c"]


def test_errors(pool: Executor) -> None:
    future = pool.call(Gio.File.new_for_path("/there/is/no/such/file"), "load_contents")
    with pytest.raises(GLib.Error) as caught:
        future.result(SOON)
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)
    assert future.exception() is caught.value
    # Nothing of ours is in its traceback.
    assert all("threadloop/_call" not in str(frame.path) for frame in caught.traceback)


def test_an_error_that_nobody_looked_at(pool: Executor, unraisable: list[Any]) -> None:
    concurrent.futures.wait([pool.call(Gio.File.new_for_path("/there/is/no/such/file"), "load_contents")], SOON)
    assert eventually(lambda: [kind for kind, _ in unraisable] == [GLib.Error])


# What the library of the tests is made for: each kind of type, with each way to hand it over.
MARSHAL: list[tuple[str, tuple[Any, ...], Any]] = [
    *((f"return_{kind}", (number,), number) for kind, number in [
        ("boolean", True), ("boolean", False), ("int8", -128), ("uint8", 255), ("int16", -32768), ("uint16", 65535),
        ("int32", -(1 << 31)), ("uint32", (1 << 32) - 1), ("int64", -(1 << 63)), ("uint64", (1 << 64) - 1),
        ("ssize", -5), ("size", 1 << 40), ("float", 0.5), ("double", 0.1), ("unichar", "\U0001f600")]),
    ("return_gtype", (GObject.TYPE_INT,), GObject.TYPE_INT),
    ("string_return_none", (), "static"),
    ("string_return_null", (), None),
    ("strv_return_none", (), ["one", "two", "three"]),
    ("strv_return_container", (), ["one", "two", "three"]),
    ("strv_return_full", (), ["one", "two", "three"]),
    ("garray_return_none", (), [4, 5]),
    ("ptrarray_return_none", (), ["one", "two", "three"]),
    ("ptrarray_return_container", (), ["one", "two", "three"]),
    ("ptrarray_return_full", (), ["one", "two", "three"]),
    ("list_return_none", (), ["one", "two", "three"]),
    ("list_return_container", (), ["one", "two", "three"]),
    ("list_return_full", (), ["one", "two", "three"]),
    ("list_return_empty", (), []),
    ("array_return_fixed", (), [7, 8, 9]),
    ("hash_return_null", (), None),
    ("value_return_none", (), "static"),
    ("divide", (10, 3), (3, 1)),
    ("half", (10,), 5),
    ("fail", (0,), True),
    ("parse", ("5",), (True, 5)),
    ("several", ("a bc",), ("cb a", "A BC", 4, ["a", "bc"])),
    ("nothing", (), None),
    ("is_on_thread", (0,), False),
    ("has_cancellable", (), True),
]


@needs_marshal
@pytest.mark.parametrize(("name", "args", "result"), MARSHAL, ids=[case[0] for case in MARSHAL])
def test_each_kind(pool: Executor, name: str, args: tuple[Any, ...], result: Any) -> None:
    got = pool.call(M + name, *args).result(SOON)
    assert got == result
    assert type(got) is type(result)


@needs_marshal
def test_kinds_that_differ(pool: Executor) -> None:
    color = pool.call(M + "return_color", TlMarshal.Color.RED).result(SOON)
    assert isinstance(color, TlMarshal.Color) and color == TlMarshal.Color.RED
    assert pool.call(M + "return_color", int(TlMarshal.Color.RED)).result(SOON) == color
    bits = pool.call(M + "return_bits", TlMarshal.Bits.ONE).result(SOON)
    assert isinstance(bits, TlMarshal.Bits) and bits == TlMarshal.Bits.ONE
    # It has no GType.
    plain = pool.call(M + "return_plain", TlMarshal.Plain.B).result(SOON)
    assert isinstance(plain, TlMarshal.Plain) and plain == TlMarshal.Plain.B
    error = pool.call(M + "error_return_full").result(SOON)
    assert isinstance(error, GLib.Error) and error.message == "returned"
    assert pool.call(M + "error_in_none", error).result(SOON)
    assert pool.call(M + "bytes_return_full").result(SOON).get_data()
    assert isinstance(pool.call(M + "array_return_bytes").result(SOON), bytes)
    assert isinstance(pool.call(M + "bytearray_return_full").result(SOON), bytes)
    param = pool.call(M + "param_return_none").result(SOON)
    assert param.name == "none"
    if gi.version_info >= (3, 44):
        # What 3.42 has for it, it takes nowhere.
        assert pool.call(M + "param_in_none", param).result(SOON)
    for name in "hash_return_none", "hash_return_container", "hash_return_full":
        assert isinstance(pool.call(M + name).result(SOON), dict)
    doubles = pool.call(M + "hash_doubles_return").result(SOON)
    assert all(isinstance(double, float) for double in doubles.values())
    assert pool.call(M + "strv_return_holes").result(SOON).count(None) > 0
    for name in "list_things_return_full", "array_return_things", "array_return_points":
        assert len(pool.call(M + name).result(SOON)) > 0


@needs_marshal
def test_containers_in(pool: Executor) -> None:
    things = [TlMarshal.Thing.new(1), TlMarshal.Thing.new(2)]
    said = {
        ("array_in_length", (1, 2)), ("array_in_doubles", (0.5, 1)), ("list_in_none", ("a", "b")),
        ("list_in_full", ("a",)), ("slist_in_full", ("a", "b")), ("strv_in_full", ("a", "b")),
        ("garray_in_full", (1, 2)),
        ("ptrarray_in_full", ("a", "b")), ("list_nested_in", (("a", "b"), ("c",))), ("array_in_ucs4", ("a", "b")),
    }
    for name, items in said:
        as_list = [list(item) if isinstance(item, tuple) else item for item in items]
        assert isinstance(pool.call(M + name, as_list).result(SOON), str), name
    for name in "list_things_in_none", "list_things_in_full", "array_in_things_full", "ptrarray_things_in_full":
        assert isinstance(pool.call(M + name, things).result(SOON), str), name
    for name in "hash_in_none", "hash_in_full":
        assert pool.call(M + name, {"a": "b"}).result(SOON)
    assert pool.call(M + "hash_doubles_in", {"a": 0.5}).result(SOON)
    assert pool.call(M + "hash_things_in_full", {"a": things[0]}).result(SOON)
    assert pool.call(M + "list_values_in", ["a", 5, None, 0.5]).result(SOON)
    assert pool.call(M + "array_in_values", ["a", 5, 0.5]).result(SOON)
    assert pool.call(M + "bytearray_in_none", b"abc").result(SOON)


# ---- The future ----

def test_it_is_a_future_as_all_others(pools: Pools) -> None:
    executor = pools(4)
    futures = [executor.call("GLib.usleep", 1000 * (n % 3)) for n in range(20)]
    futures += [executor.submit(pow, 2, 3) for _ in range(20)]
    assert all(type(future) is threadloop.Future for future in futures)
    assert len(list(concurrent.futures.as_completed(futures, SOON))) == 40
    assert concurrent.futures.wait(futures, SOON).not_done == set()
    assert futures[0].done() and not futures[0].running() and not futures[0].cancelled()


def test_the_interpreter_is_free_meanwhile(pool: Executor, line: Line) -> None:
    future = pool.call(WAIT, *line.args, None)
    assert eventually(future.running)
    assert future.name == WAIT
    line.open()
    assert future.result(SOON) is True


def test_callbacks_and_await(pool: Executor) -> None:
    came: list[tuple[threading.Thread, Any]] = []
    pool.call("GLib.path_get_basename", "/a/b").on_done(
        lambda future: came.append((threading.current_thread(), future.result())))
    assert run_loop(lambda: came)
    assert came == [(threading.main_thread(), "b")]

    async def main() -> list[str]:
        return [await pool.call("GLib.path_get_basename", "/a/b"),
                await asyncio.wrap_future(pool.call("GLib.path_get_basename", "/a/c"))]

    assert asyncio.run(main()) == ["b", "c"]


def test_cancelling_what_runs(pool: Executor, line: Line) -> None:
    future = pool.call(WAIT, *line.args)
    assert eventually(future.running)
    assert pool.n_running == 1
    assert future.cancel() is False
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(SOON)
    assert future.cancelled() and future.cancel_requested() and future.cancel()


def test_cancelling_what_is_queued(pool: Executor, line: Line) -> None:
    first = pool.call(WAIT, *line.args)
    assert eventually(first.running)
    second = pool.call("GLib.usleep", 1)
    assert not second.running()
    assert pool.n_queued == 1
    assert second.cancel() is True
    assert second.cancelled() and second.done()
    line.open()
    assert first.result(SOON) is True
    assert first.cancel() is False


def test_the_cancellable(pool: Executor, line: Line) -> None:
    future = pool.call(WAIT, *line.args)
    assert eventually(future.running)
    future.cancellable.cancel()
    assert isinstance(future.exception(SOON), GLib.Error)


def test_a_cancellable_that_is_given(pool: Executor, line: Line) -> None:
    cancellable = Gio.Cancellable()
    future = pool.call(WAIT, *line.args, cancellable)
    assert eventually(future.running)
    cancellable.cancel()
    error = future.exception(SOON)
    assert isinstance(error, GLib.Error) and error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)

    # The future's own interrupts it as well, and leaves the other one alone.
    other = Gio.Cancellable()
    future = pool.call(WAIT, *line.args, other)
    assert eventually(future.running)
    future.cancel()
    assert concurrent.futures.wait([future], SOON).done
    assert future.cancelled() and not other.is_cancelled()


def test_awaiting_is_cancelled(pool: Executor, line: Line) -> None:
    async def main() -> None:
        future = pool.call(WAIT, *line.args)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(future, 0.01)
        await asyncio.to_thread(concurrent.futures.wait, [future], SOON)
        assert future.cancelled()

    asyncio.run(main())


def test_its_turn(pool: Executor, gate: Gate) -> None:
    order: list[int] = []
    pool.submit(gate)
    gate.wait_reached()
    futures = [pool.call("GLib.usleep", 1) if n % 2 else pool.submit(int) for n in range(10)]
    for n, future in enumerate(futures):
        future.add_done_callback(lambda _, n=n: order.append(n))
    gate.open()
    concurrent.futures.wait(futures, SOON)
    assert eventually(lambda: order == list(range(10)))


def test_shutdown(pools: Pools) -> None:
    executor = pools(1)
    futures = [executor.call("GLib.usleep", 100) for _ in range(10)]
    executor.shutdown()
    assert all(future.done() and future.exception() is None for future in futures)
    with pytest.raises(RuntimeError):
        executor.call("GLib.usleep", 1)


def test_event_threads(line: Line) -> None:
    thread = EventThread()
    with pytest.raises(threadloop.ThreadNotStartedError):
        thread.call("GLib.usleep", 1)
    with thread:
        order: list[int] = []
        thread.submit(line.ours.recv, 0, socket.MSG_DONTWAIT)
        first = thread.call(WAIT, *line.args)
        for n, future in enumerate([first, thread.submit(int), thread.call("GLib.usleep", 1), thread.submit(int)]):
            future.add_done_callback(lambda _, n=n: order.append(n))
        line.open()
        future = thread.call("GLib.path_get_basename", "/a/b")
        assert future.result(SOON) == "b"
        assert order == [0, 1, 2, 3]
        assert thread.executor.call(Gio.File.new_for_path, "/a").result(SOON).get_path() == "/a"
        with pytest.raises(TypeError, match="microseconds"):
            thread.call("GLib.usleep", "a")
    with pytest.raises(RuntimeError):
        thread.call("GLib.usleep", 1)


def test_the_main_context() -> None:
    future = Executor.main().call("GLib.path_get_basename", "/a/b")
    assert run_loop(future.done)
    assert future.result() == "b"


def test_the_end_of_the_interpreter() -> None:
    outcome = script("""
        executor = threadloop.Executor(2)
        for _ in range(20):
            executor.call("GLib.usleep", 1000)
        executor.call(Gio.File.new_for_path(os.devnull), "load_contents").on_done(print)
        print("end")
    """)
    assert outcome.status == 0, outcome.err
    assert outcome.out == "end\n"


# ---- Python on the worker ----

def test_handlers_and_methods_of_python(pool: Executor) -> None:
    class Model(GObject.Object, Gio.ListModel):
        def do_get_item_type(self) -> Any:
            return Gio.SimpleAction.__gtype__

        def do_get_n_items(self) -> int:
            threads.append(threading.current_thread())
            return 5

        def do_get_item(self, position: int) -> Any:
            return Gio.SimpleAction.new(str(position), None)

    threads: list[threading.Thread] = []
    model = Model()
    assert pool.call("Gio.ListModel.get_n_items", model).result(SOON) == 5
    assert pool.call(model, "get_item", 3).result(SOON).get_name() == "3"

    seen: list[bool] = []
    action = Gio.SimpleAction.new("one", None)

    def on_enabled(*_: object) -> None:
        seen.append(action.get_enabled())
        threads.append(threading.current_thread())

    action.connect("notify::enabled", on_enabled)
    pool.call(action, "set_enabled", False).result(SOON)
    assert seen == [False]
    worker = pool.submit(threading.current_thread).result(SOON)
    assert threads == [worker, worker]


# ---- What is kept, and what is not ----

def test_arguments_and_results_are_let_go(pool: Executor) -> None:
    class Mine(GObject.Object):
        pass

    store = Gio.ListStore.new(Mine)
    mine = Mine()
    gone = weakref.ref(mine)
    pool.call(store, "append", mine).result(SOON)
    result = pool.call(store, "get_item", 0).result(SOON)
    assert result is mine
    del mine, result
    store.remove_all()
    assert eventually(lambda: gone() is None)


@needs_marshal
def test_references_to_objects(pool: Executor) -> None:
    thing = TlMarshal.Thing.new(5)
    count = thing.__grefcount__
    for _ in range(200):
        pool.call(M + "Thing.eat", thing).result(SOON)
        pool.call(M + "list_things_in_full", [thing, thing]).result(SOON)
        with pytest.raises(TypeError):
            pool.call(M + "Thing.eat", thing, thing)
    pool.submit(int).result(SOON)
    assert eventually(lambda: thing.__grefcount__ == count)


@needs_marshal
def test_results_outlive_their_future(pool: Executor) -> None:
    names = ["list_things_return_full", "array_return_points", "value_return_full", "variant_return_full",
             "bytes_return_full", "error_return_full", "param_return_full", "strv_return_full"]
    results = {name: pool.call(M + name).result(SOON) for name in names}
    pool.shutdown()
    gc.collect()
    junk = [bytearray(64) for _ in range(1000)]
    assert [thing.get_number() for thing in results["list_things_return_full"]]
    assert [point.copy() for point in results["array_return_points"]] if hasattr(TlMarshal.Point, "copy") else True
    assert results["variant_return_full"].print_(True) if hasattr(GLib.Variant, "print_") else True
    assert results["bytes_return_full"].get_data()
    assert results["error_return_full"].message == "returned"
    assert results["param_return_full"].name
    assert results["strv_return_full"] == ["one", "two", "three"]
    assert len(junk) == 1000


LEAKS: list[tuple[Any, ...]] = [
    ("GLib.path_get_basename", "/" + "a" * 500),
    ("GLib.base64_decode", "YWJj" * 300),
    ("GLib.base64_encode", b"a" * 1000),
    ("GLib.build_filenamev", ["a" * 400, "b" * 400]),
    ("GLib.Variant.new_string", "a" * 1000),
    ("GLib.Variant.new_array", None, [GLib.Variant("s", "a" * 400)] * 3),
    ("GLib.Uri.parse_params", "a=" + "1" * 900, -1, "&", GLib.UriParamsFlags.NONE),
    ("GLib.shell_parse_argv", "a" * 400 + " " + "b" * 400),
    ("GLib.DateTime.new_utc", 2020, 1, 1, 1, 1, 1.5),
    ("Gio.File.new_for_path", "/" + "a" * 900),
    ("Gio.SimpleAction.new", "a" * 900, None),
    ("Gio.File.query_info", DIR, "standard::*", 0, None),
    ("GLib.ascii_strtoull", "18446744073709551615", 10),
    ("TlMarshal.error_return_full",),
    # Not GParamSpec, which PyGObject from 3.50 on leaks itself.
    ("TlMarshal.list_things_return_full",),
    ("TlMarshal.array_return_points",),
    ("TlMarshal.value_return_full",),
    ("TlMarshal.return_color", 1),
]


def resident() -> int:
    gc.collect()
    for text in Path("/proc/self/status").read_text().splitlines():
        if text.startswith("VmRSS"):
            return int(text.split()[1]) * 1024
    return 0


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="nothing says how much memory is used")
@pytest.mark.parametrize("case", LEAKS, ids=lambda case: case[0])
def test_nothing_leaks(pool: Executor, case: tuple[Any, ...]) -> None:
    if case[0].startswith(M) and TlMarshal is None:
        pytest.skip("the library of the tests has no typelib here")

    def run(n: int) -> None:
        for _ in range(n // 100):
            for future in [pool.call(*case) for _ in range(100)]:
                future.result(SOON)

    run(2000)
    # An allocation that is lost each time is more, and is lost in each round.
    rounds = []
    for _ in range(3):
        before = resident()
        run(10_000)
        rounds.append((resident() - before) / 10_000)
        if rounds[-1] < 16:
            return
    pytest.fail(f"bytes for each call: {rounds}")


# ---- Whatever is thrown at it ----

def test_anything_at_all(pools: Pools) -> None:
    executor = pools(2)
    rng = random.Random(20201)
    action = Gio.SimpleAction.new("one", None)
    things: list[Any] = [
        None, True, False, 0, -1, 5, 1 << 31, 1 << 40, 1 << 63, -(1 << 63), 1 << 64, 0.5, float("nan"), float("inf"),
        "", "a", "\u20ac", "a\0", "\udc80", b"", b"abc", bytearray(b"a"), [], ["a"], [1, "a", None], [[]], (), (1,), {},
        {"a": 1}, {1: 2}, object(), len, print, int, str, object, Gio.File, GObject.TYPE_INT, GObject.TYPE_INVALID, DIR,
        action, DAY, TUPLE, DICT, GLib.Bytes.new(b"a"), GLib.Error("a"), GLib.MainContext.default(),
        Gio.FileType.REGULAR, Gio.FileQueryInfoFlags.NONE, GLib.UnicodeType.CONTROL, GObject.Value(),
        GObject.Value(int, 5), GObject.Value(str, "a"), range(3), {1}, GLib, GLib.usleep, DIR.query_exists, 1j, ...,
        type, slice(1), Gio.Cancellable(), executor, Tl.Values.new(None),
    ]
    names = [case[0].rstrip("_") for case in SAME if case[0] not in ("GLib.usleep", "Gio.VolumeMonitor.get")]
    if TlMarshal is not None:
        # Not those that are unsafe in C: they trust what is in a GValue, or wait for ever.
        names += [M + name for name in dir(TlMarshal) if not name.startswith(("_", "value_", "wait"))
                  and callable(getattr(TlMarshal, name)) and not isinstance(getattr(TlMarshal, name), type)]
    made = refused = 0
    for _ in range(6000):
        name = rng.choice(names)
        try:
            future = executor.call(name, *rng.choices(things, k=rng.randint(0, 4)))
        except TypeError as error:
            assert str(error)
            refused += 1
            continue
        made += 1
        error = future.exception(SOON)
        assert error is None or isinstance(error, GLib.Error), (name, error)
    assert refused > 1000 and made > 100
    things.remove(GLib.usleep)
    for thing in things:
        for rest in ((), ("nope",), (5,), (None,)):
            with pytest.raises(TypeError):
                executor.call(thing, *rest)


def test_a_file_that_is_large(pool: Executor, tmp_path: Path) -> None:
    content = os.urandom(1 << 20)
    (tmp_path / "large").write_bytes(content)
    got, _ = pool.call(Gio.File.new_for_path(str(tmp_path / "large")), "load_contents").result(SOON)
    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
