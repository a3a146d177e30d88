#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the checksums of files and of all files in directories, as sha256sum does, several at once.

    walkers -> readers -> main loop
       ^                      |
       +----------------------+

The walk is a task that looks for files, blocking, and submits a task for each batch of them. These read,
blocking, and print. The main loop hears of the end of each, and is free to show how far things are and to
react to Ctrl-C.

However many files there are, only so many are on the way: the queue of the readers is bounded, so a submit
waits until they get to it, and the walk waits for the main loop as well.

It is examples/c/checksum.c, in Python: hashlib and os.read() let go of the interpreter while they are at it.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import select
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


# If standard output is closed, its number goes to the next file that is opened, which may be one of GLib's.
HAS_OUTPUT = is_open(1)

import gi  # noqa: E402

gi.require_version("Tl", "1")

from gi.repository import Gio, GLib, Tl  # noqa: E402

import threadloop  # noqa: E402

try:
    gi.require_version("GioUnix", "2.0")
    from gi.repository import GioUnix

    UnixOutputStream = GioUnix.OutputStream
except (ImportError, ValueError, AttributeError):
    # Before GLib 2.80.
    UnixOutputStream = Gio.UnixOutputStream

# How many batches may wait for a reader.
MAX_QUEUED = 32

# How much is read at once, and how much is still hashed after a Ctrl-C.
READ_SIZE = 256 * 1024

# Some milliseconds of work: a large file, or some small ones.
BATCH_FULL_SIZE = 1024 * 1024
BATCH_FULL_LENGTH = 64

ALGORITHMS = ("md5", "sha1", "sha256", "sha384", "sha512")

EXIT_FAILED = 1
EXIT_SIGNAL = 128

REDRAW_INTERVAL_MS = 100
REPORT_INTERVAL_MS = 1000

# How often it is looked whether the main loop is held up.
WATCH_INTERVAL_MS = 5


def escape(path: bytes) -> bytes:
    return path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")


def sum_line(digest: str, path: bytes) -> bytes:
    escaped = escape(path)
    # A backslash in front tells the reader to undo the escaping.
    mark = b"\\" if escaped != path else b""
    return mark + digest.encode() + b"  " + escaped + b"\n"


# The tree


@dataclass
class Found:
    """A regular file, or what there is instead of one."""

    path: bytes
    size: int = 0
    error: str = ""


def walk(argument: bytes) -> Iterator[Found]:
    try:
        info = os.stat(argument)
    except OSError as error:
        yield Found(argument, error=str(error.strerror))
        return
    if stat.S_ISREG(info.st_mode):
        yield Found(argument, info.st_size)
    elif stat.S_ISDIR(info.st_mode):
        yield from walk_directory(argument)
    else:
        # Who asks for the sum of a pipe or of a device by its name is to hear why there is none.
        yield Found(argument, error="Not a regular file")


def walk_directory(path: bytes) -> Iterator[Found]:
    # Not os.path.join(), which would make one slash of many.
    prefix = path if path.endswith(b"/") else path + b"/"
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                try:
                    info = entry.stat(follow_symlinks=False)
                except OSError as error:
                    yield Found(prefix + entry.name, error=str(error.strerror))
                    continue
                if stat.S_ISREG(info.st_mode):
                    yield Found(prefix + entry.name, info.st_size)
                elif stat.S_ISDIR(info.st_mode):
                    yield from walk_directory(prefix + entry.name)
    except OSError as error:
        yield Found(path, error=str(error.strerror))


@dataclass
class Batch:
    """Files that are worth a task. Belongs to one thread at a time."""

    paths: list[bytes] = field(default_factory=list)
    failures: list[Found] = field(default_factory=list)
    size: int = 0
    lines: bytearray = field(default_factory=bytearray)
    n_lines: int = 0

    def add(self, found: Found) -> None:
        if found.error:
            self.failures.append(found)
        else:
            self.paths.append(found.path)
            self.size += found.size

    def is_empty(self) -> bool:
        return not self.paths and not self.failures

    def is_full(self) -> bool:
        return self.size >= BATCH_FULL_SIZE or len(self.paths) + len(self.failures) >= BATCH_FULL_LENGTH


# The console


class OutputError(Exception):
    """Standard output takes no more."""


class Console:
    """Lines on standard output, and one line of status on the terminal."""

    ERASE_LINE = "\r\033[K"

    def __init__(self) -> None:
        self.output = UnixOutputStream.new(1, False)
        self.output_is_terminal = os.isatty(1)
        self.is_terminal = os.isatty(2) and os.environ.get("TERM") != "dumb"
        # Held while something is printed, for as long as the reader of a pipe takes.
        self.lock = threading.Lock()
        self.status = ""

    def print(self, lines: bytes, cancellable: Gio.Cancellable) -> None:
        with self.lock:
            status = self.status
            if self.output_is_terminal and status:
                lines = self.ERASE_LINE.encode() + lines + status.encode()
            try:
                # This can be interrupted, which a write to a pipe that nobody reads cannot.
                self.output.write_all(lines, cancellable)
            except GLib.Error as error:
                if not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED):
                    raise OutputError(error.message.rpartition(": ")[2]) from None

    def complain(self, message: bytes) -> None:
        before = self.ERASE_LINE if self.status else ""
        os.write(2, before.encode() + b"checksum: " + message + b"\n" + self.status.encode())

    def set_status(self, status: str) -> None:
        # Not while the terminal is stopped. There will be a later one.
        if status == self.status or not select.select([], [2], [], 0)[1]:
            return
        self.status = status
        os.write(2, (self.ERASE_LINE + status).encode())


def format_bytes(n: float) -> str:
    if n < 999.95:
        return f"{n:.0f} B"
    for unit in ("kB", "MB", "GB"):
        n /= 1000
        if n < 999.95:
            return f"{n:.1f} {unit}"
    return f"{n / 1000:.1f} TB"


class LoopWatch:
    """For how long the main loop was held up, at most, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.due = time.monotonic() + WATCH_INTERVAL_MS / 1000
        GLib.timeout_add(WATCH_INTERVAL_MS, self.look)

    def look(self) -> bool:
        now = time.monotonic()
        self.longest = max(self.longest, now - self.due)
        self.due = now + WATCH_INTERVAL_MS / 1000
        return True


# The job


@dataclass
class Amount:
    n_files: int = 0
    n_bytes: int = 0


class Job:
    """It is all about one job, which outlives all of its tasks."""

    def __init__(self, options: argparse.Namespace, paths: list[bytes]) -> None:
        self.algorithm: str = options.algorithm
        self.paths = paths
        self.console = Console()
        self.show_progress = options.progress == "always" or (options.progress == "auto" and self.console.is_terminal)
        self.cancellable = Gio.Cancellable()
        self.walkers = Tl.Executor(2, "walk")
        self.readers = Tl.Executor(options.jobs, "read", max_queued=MAX_QUEUED)
        self.main_thread = Tl.Executor.main()

        # Of the task that walks; of the main thread when that has ended.
        self.n_submitted = 0

        # Of all readers, with the lock.
        self.lock = threading.Lock()
        self.done = Amount()

        # The rest is of the main thread alone.
        self.loop = GLib.MainLoop()
        self.total: Amount | None = None
        self.walk_has_ended = False
        self.n_settled = 0
        self.exit_status = 0

    # On the readers

    def checksum_file(self, path: bytes) -> bytes | None:
        """A line to print; None if the job was cancelled meanwhile."""
        checksum = hashlib.new(self.algorithm, usedforsecurity=False)
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            while data := os.read(fd, READ_SIZE):
                if self.cancellable.is_cancelled():
                    return None
                checksum.update(data)
                with self.lock:
                    self.done.n_bytes += len(data)
        finally:
            os.close(fd)
        return sum_line(checksum.hexdigest(), path)

    def checksum_batch(self, batch: Batch) -> None:
        for path in batch.paths:
            try:
                line = self.checksum_file(path)
            except OSError as error:
                batch.failures.append(Found(path, error=str(error.strerror)))
                continue
            if line is None:
                return
            # A pipe takes up to PIPE_BUF bytes as a whole, or not at all.
            if len(batch.lines) + len(line) > select.PIPE_BUF:
                self.print_lines(batch)
            batch.lines += line
            batch.n_lines += 1
        self.print_lines(batch)

    def print_lines(self, batch: Batch) -> None:
        if not batch.lines or self.cancellable.is_cancelled():
            return
        self.console.print(bytes(batch.lines), self.cancellable)
        with self.lock:
            self.done.n_files += batch.n_lines
        batch.lines.clear()
        batch.n_lines = 0

    # On the walkers

    def submit(self, batch: Batch) -> None:
        # Waits while the queue is full.
        future = self.readers.submit(self.checksum_batch, batch)
        # A worker has no main context of its own, so this goes to the global default one: to the main loop.
        future.on_done(lambda future: self.batch_done(future, batch))
        self.n_submitted += 1
        # Should the main loop be behind, because its terminal is stopped, say, then so has to be the walk.
        if self.n_submitted % MAX_QUEUED == 0:
            self.main_thread.submit(int).result()

    def walk(self) -> None:
        batch = Batch()
        for path in self.paths:
            for found in walk(path):
                if self.cancellable.is_cancelled():
                    return
                # The lines of small files are not to wait for a large one.
                if found.size >= BATCH_FULL_SIZE and not batch.is_empty():
                    self.submit(batch)
                    batch = Batch()
                batch.add(found)
                if batch.is_full():
                    self.submit(batch)
                    batch = Batch()
        if not batch.is_empty():
            self.submit(batch)

    def count(self) -> Amount | None:
        """Runs beside the walk, which gets ahead of the readers only as far as the queue permits."""
        total = Amount()
        for path in self.paths:
            for found in walk(path):
                if self.cancellable.is_cancelled():
                    return None
                if not found.error:
                    total.n_files += 1
                    total.n_bytes += found.size
        return total

    # On the main thread

    def cancel(self, exit_status: int) -> None:
        self.exit_status = exit_status
        self.cancellable.cancel()

    def complain(self, path: bytes, error: str) -> None:
        self.console.complain(escape(path) + b": " + error.encode())
        self.exit_status = self.exit_status or EXIT_FAILED

    def batch_done(self, future: threadloop.Future[None], batch: Batch) -> None:
        error = future.exception()
        if isinstance(error, OutputError):
            # All readers find out; the first one to say so is enough.
            if not self.cancellable.is_cancelled():
                self.console.complain(b"standard output: " + str(error).encode())
                self.cancel(EXIT_FAILED)
        elif error is not None:
            raise error
        if not self.cancellable.is_cancelled():
            for found in batch.failures:
                self.complain(found.path, found.error)
        self.n_settled += 1
        self.quit_if_done()

    def walk_done(self, future: threadloop.Future[None]) -> None:
        self.walk_has_ended = True
        self.quit_if_done()
        future.result()

    def count_done(self, future: threadloop.Future[Amount | None]) -> None:
        self.total = future.result()

    def quit_if_done(self) -> None:
        if self.walk_has_ended and self.n_settled == self.n_submitted:
            self.loop.quit()

    def progress_text(self, seconds: float) -> str:
        done, total = self.done, self.total
        text = f"{done.n_files} files  {format_bytes(done.n_bytes)}  {format_bytes(done.n_bytes / seconds)}/s"
        if total is None:
            return f"{text}  counting"
        fraction = min(1.0, done.n_bytes / total.n_bytes) if total.n_bytes else 1.0
        return f"{fraction:4.0%} [{'#' * int(fraction * 30):30}]  {text}"

    def show(self, started: float) -> bool:
        text = self.progress_text(max(time.monotonic() - started, 1e-6))
        if self.console.is_terminal:
            self.console.set_status(text[:max(1, os.get_terminal_size(2).columns - 1)])
        else:
            self.console.complain(text.encode())
        return True

    def interrupted(self, signum: int, _frame: object) -> None:
        # A second signal kills as usual.
        signal.signal(signum, signal.SIG_DFL)
        self.cancel(EXIT_SIGNAL + signum)

    def run(self) -> int:
        started = time.monotonic()
        watch = LoopWatch()
        signal.signal(signal.SIGINT, self.interrupted)
        signal.signal(signal.SIGTERM, self.interrupted)

        self.walkers.submit(self.walk).on_done(self.walk_done)
        if self.show_progress:
            self.walkers.submit(self.count).on_done(self.count_done)
            GLib.timeout_add(REDRAW_INTERVAL_MS if self.console.is_terminal else REPORT_INTERVAL_MS,
                             self.show, started)
        self.loop.run()

        # No batch is on the way any more, but the counting may still go on.
        self.cancellable.cancel()
        self.walkers.shutdown()
        self.readers.shutdown()
        if self.console.is_terminal:
            self.console.set_status("")
        seconds = max(time.monotonic() - started, 1e-6)
        self.console.complain(
            f"{self.done.n_files} files, {self.done.n_bytes} bytes, {self.done.n_bytes / 1e6 / seconds:.1f} MB/s, "
            f"main loop held up for {watch.longest * 1e3:.2f} ms at most".encode())
        return self.exit_status


# The program


def n_jobs(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= 1024:
        raise argparse.ArgumentTypeError("takes a number from 1 to 1024")
    return number


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="checksum", description="Checksums of all files below DIR.",
        epilog='The lines come in the order in which the files are done. "sha256sum -c" checks them, '
               '"sort -k 2" sorts them.')
    parser.add_argument("-j", "--jobs", metavar="N", type=n_jobs, default=os.cpu_count() or 1,
                        help="read so many files at once (default: the number of processors)")
    parser.add_argument("-a", "--algorithm", metavar="NAME", choices=ALGORITHMS, default="sha256",
                        help="md5, sha1, sha256 (the default), sha384 or sha512")
    parser.add_argument("--progress", metavar="WHEN", choices=("auto", "always", "never"), default="auto",
                        help="show progress: auto (on a terminal, the default), always or never")
    parser.add_argument("paths", metavar="DIR|FILE", nargs="*", default=["."])
    return parser.parse_args(argv)


def main() -> int:
    if not HAS_OUTPUT:
        os.write(2, f"checksum: standard output: {os.strerror(errno.EBADF)}\n".encode())
        return EXIT_FAILED
    options = parse(sys.argv[1:])
    return Job(options, [os.fsencode(path) for path in options.paths]).run()


if __name__ == "__main__":
    sys.exit(main())
