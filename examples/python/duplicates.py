#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A window that shows which files in a folder have the same content, while a spinner goes on turning.

    duplicates.py [DIR]
    duplicates.py --self-test      tries itself on files of its own, and ends

The search is a coroutine on the main thread, started by a button. What blocks is on an executor: first one task
looks for files of the same size, and the progress bar is bound to the progress of its future; then many
tasks compare, each of them files of one size, and their results are shown as they come. Few of these
are on their way at a time, however many files there are.

To cancel is to cancel the coroutine. That cancels the futures it waits for: what is queued never runs, and
what runs is asked to stop. It is the same when the window is closed, which ends Tl.run().
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Any

import gi

gi.require_version("Tl", "1")

from gi.repository import Gio, GObject, Tl  # noqa: E402

# What there may not be; the tests skip who ends like this.
EXIT_SKIPPED = 77

try:
    gi.require_version("Gdk", "4.0")
    gi.require_version("Gtk", "4.0")
    from gi.repository import Gdk, Gtk, Pango
except (ImportError, ValueError) as error:
    print(f"duplicates: {error}", file=sys.stderr)
    sys.exit(EXIT_SKIPPED)

READ_SIZE = 1 << 20
N_WORKERS = os.cpu_count() or 1


# On the workers: it may block


def stop_if_cancelled() -> None:
    future = Tl.current_future()
    if future is not None and future.cancel_requested():
        raise CancelledError


def find_same_size(folder: str) -> list[list[str]]:
    """The files under a folder, those of one size together, where there are several."""
    future = Tl.current_future()
    assert future is not None
    by_size: dict[int, list[str]] = defaultdict(list)
    for directory, _, names in os.walk(folder):
        stop_if_cancelled()
        # This may be said as often as one likes. -1 is for unknown.
        future.set_progress(-1, os.fsencode(directory).decode(errors="replace"))
        for name in names:
            path = os.path.join(directory, name)
            try:
                info = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(info.st_mode) and info.st_size > 0:
                by_size[info.st_size].append(path)
    return [paths for paths in by_size.values() if len(paths) > 1]


def digest(path: str) -> bytes:
    checksum = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        # Reading and hashing let go of the interpreter, so that the main thread can have it.
        while data := file.read(READ_SIZE):
            stop_if_cancelled()
            checksum.update(data)
    return checksum.digest()


def find_same_content(paths: Iterable[str]) -> list[list[str]]:
    by_digest: dict[bytes, list[str]] = defaultdict(list)
    for path in paths:
        try:
            by_digest[digest(path)].append(path)
        except OSError:
            # It may not be read, or has gone.
            continue
    return [same for same in by_digest.values() if len(same) > 1]


# On the main thread


class Window:
    def __init__(self, application: Any, folder: str) -> None:
        self.folder = folder
        self.executor = Tl.Executor(N_WORKERS, "duplicates")
        self.search: asyncio.Task[None] | None = None
        self.found = Gtk.StringList()

        self.spinner = Gtk.Spinner(spinning=True, width_request=48, height_request=48)
        self.bar = Gtk.ProgressBar(show_text=True, text=folder, ellipsize=Pango.EllipsizeMode.START, hexpand=True,
                                   valign=Gtk.Align.CENTER)
        self.find_button = Gtk.Button(label="Find")
        self.find_button.connect("clicked", self.start)
        self.cancel_button = Gtk.Button(label="Cancel", sensitive=False)
        self.cancel_button.connect("clicked", self.cancel)

        tools = Gtk.Box(spacing=12, margin_top=12, margin_bottom=12, margin_start=12, margin_end=12)
        for widget in self.spinner, self.bar, self.find_button, self.cancel_button:
            tools.append(widget)
        rows = Gtk.SignalListItemFactory()
        rows.connect("setup", lambda _, item: item.set_child(Gtk.Label(xalign=0, margin_start=12)))
        rows.connect("bind", lambda _, item: item.get_child().set_label(item.get_item().get_string()))
        view = Gtk.ListView(model=Gtk.NoSelection(model=self.found), factory=rows, show_separators=True)
        content = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        content.append(tools)
        content.append(Gtk.ScrolledWindow(child=view, vexpand=True))
        self.window = Gtk.ApplicationWindow(application=application, title="Duplicates", child=content,
                                            default_width=900, default_height=600)
        self.window.present()

    def start(self, _button: object = None) -> None:
        # A handler cannot be a coroutine function, but may start a coroutine.
        self.search = asyncio.create_task(self.find())

    def cancel(self, _button: object = None) -> None:
        if self.search is not None:
            self.search.cancel()

    async def find(self) -> None:
        self.find_button.set_sensitive(False)
        self.cancel_button.set_sensitive(True)
        self.found.splice(0, self.found.get_n_items(), [])
        try:
            same_size = await self.find_candidates()
            await self.compare(same_size)
            self.bar.set_text(f"{self.found.get_n_items()} found")
        except asyncio.CancelledError:
            self.bar.set_text("Cancelled")
            raise
        finally:
            self.find_button.set_sensitive(True)
            self.cancel_button.set_sensitive(False)

    async def find_candidates(self) -> list[list[str]]:
        future = self.executor.submit(find_same_size, self.folder)
        bindings = [
            future.progress.bind_property("fraction", self.bar, "fraction", GObject.BindingFlags.SYNC_CREATE),
            future.progress.bind_property("message", self.bar, "text", GObject.BindingFlags.DEFAULT),
        ]
        try:
            return await future
        finally:
            for binding in bindings:
                binding.unbind()

    async def compare(self, same_size: list[list[str]]) -> None:
        n = len(same_size)
        n_done = 0

        async def compare_some(todo: Iterator[list[str]]) -> None:
            nonlocal n_done
            for paths in todo:
                for same in await self.executor.submit(find_same_content, paths):
                    self.found.append(os.fsencode("\n".join(sorted(same))).decode(errors="replace"))
                n_done += 1
                self.bar.set_fraction(n_done / n)
                self.bar.set_text(f"{n_done} of {n} sizes")

        # They take from one iterator, so that so many tasks are on their way and no more.
        todo = iter(same_size)
        async with asyncio.TaskGroup() as group:
            for _ in range(2 * N_WORKERS):
                group.create_task(compare_some(todo))


# The self-test


async def frames(widget: Any, n: int) -> None:
    """Waits until it was drawn so many times."""
    drawn = asyncio.get_running_loop().create_future()

    def tick(*_: object) -> bool:
        nonlocal n
        n -= 1
        if n == 0:
            drawn.set_result(None)
        return n > 0

    widget.add_tick_callback(tick)
    await drawn


def check(fine: bool, what: str) -> None:
    if not fine:
        raise AssertionError(what)
    print(f"duplicates: {what}")


async def self_test(window: Window) -> None:
    def write(name: str, content: bytes) -> str:
        path = os.path.join(window.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    for i in range(100):
        write(f"{i}", str(1000 + i).encode())
    same = [write(f"same {i}", b"the same") for i in range(3)]
    window.find_button.emit("clicked")
    assert window.search is not None
    await window.search
    check([item.get_string() for item in window.found] == ["\n".join(same)], "found what is the same")
    check(window.bar.get_fraction() == 1.0, "the progress bar is full")

    for name in "huge", "huge, too":
        with open(os.path.join(window.folder, name), "wb") as endless:
            endless.truncate(1 << 40)
    window.find_button.emit("clicked")
    await frames(window.spinner, 30)
    check(not window.search.done(), "the spinner turns while files are compared")
    window.cancel_button.emit("clicked")
    await asyncio.wait([window.search])
    check(window.search.cancelled() and window.bar.get_text() == "Cancelled", "cancelled")
    window.find_button.emit("clicked")
    await frames(window.spinner, 1)
    check(not window.search.done(), "closing the window meanwhile")


# The program


def main() -> int:
    # Not Gtk.init_check(), which PyGObject has called; the second time it says yes.
    if Gdk.Display.get_default() is None:
        print("duplicates: there is no display", file=sys.stderr)
        return EXIT_SKIPPED
    testing = sys.argv[1:] == ["--self-test"]
    test: asyncio.Task[None] | None = None

    def activate(application: Any) -> None:
        nonlocal test
        window = Window(application, folder)
        if testing:
            test = asyncio.create_task(self_test(window))
            test.add_done_callback(lambda _: window.window.close())

    application = Gtk.Application(application_id="org.example.Duplicates", flags=Gio.ApplicationFlags.NON_UNIQUE)
    application.connect("activate", activate)
    with tempfile.TemporaryDirectory() as scratch:
        folder = scratch if testing else sys.argv[1] if len(sys.argv) > 1 else os.path.expanduser("~")
        status: int = Tl.run(application)
    if test is not None:
        test.result()
    return status


if __name__ == "__main__":
    sys.exit(main())
