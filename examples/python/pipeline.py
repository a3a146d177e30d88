#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Downloads several files at once, shows how far each is, and calls one of them off.

The downloads are plain blocking functions on an executor. Each says how far it is through its own future;
the main loop hears of it as the `notify::fraction` of an object, as a progress bar of GTK would. The server
is an asyncio one, on an event thread.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import threading
import urllib.request
from typing import Any

import gi

gi.require_version("Tl", "1")

from gi.repository import GLib, Tl  # noqa: E402

import threadloop  # noqa: E402

CHUNK = 64 * 1024
FILES = {"small": 1 * CHUNK, "medium": 8 * CHUNK, "large": 32 * CHUNK}
ENDLESS = "endless"


# The server, on the event thread


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves a file of so many bytes, or one that does not end."""
    try:
        request = await reader.readuntil(b"\r\n\r\n")
        name = request.split()[1].decode().lstrip("/")
        size = FILES.get(name, 1 << 40)
        writer.write(f"HTTP/1.0 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        while size > 0:
            writer.write(bytes(min(size, CHUNK)))
            await writer.drain()
            size -= CHUNK
            await asyncio.sleep(0.01)
    except ConnectionError:
        # Whoever has called a download off is gone.
        pass
    finally:
        writer.close()


async def start_server() -> asyncio.Server:
    return await asyncio.start_server(serve, "127.0.0.1", 0)


def url_of(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()
    return f"http://{host}:{port}"


# The downloads, on the executor


def download(url: str) -> str:
    """Blocks, as libraries do, and looks now and then whether it still should."""
    future = Tl.current_future()
    assert future is not None
    checksum = hashlib.sha256()
    done = 0
    with urllib.request.urlopen(url) as response:
        total = int(response.headers["Content-Length"])
        while data := response.read(CHUNK):
            if future.cancel_requested():
                raise threadloop.exceptions.CancelledError
            checksum.update(data)
            done += len(data)
            future.set_progress(done / total, f"{done // 1024} KiB")
    return checksum.hexdigest()


# The main loop


class Window:
    """Stands for that of an application: all of it runs on the main thread."""

    def __init__(self, base: str, executor: threadloop.Executor) -> None:
        self.loop = GLib.MainLoop()
        self.results: dict[str, str] = {}
        self.n_notified = 0
        self.futures: dict[str, threadloop.Future[str]] = {}
        self.progress: dict[str, Any] = {}
        for name in (*FILES, ENDLESS):
            future = self.futures[name] = executor.submit(download, f"{base}/{name}")
            self.progress[name] = future.progress
            self.progress[name].connect("notify::fraction", self.show, name)
            future.on_done(lambda future, name=name: self.finished(name, future))  # type: ignore[misc]

    def show(self, progress: Any, _property: object, name: str) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.n_notified += 1
        if sys.stderr.isatty():
            print(f"{name:8} {progress.props.fraction:4.0%}  {progress.props.message}", file=sys.stderr)

    def finished(self, name: str, future: threadloop.Future[str]) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.results[name] = "called off" if future.cancelled() else future.result()
        if len(self.results) == len(FILES):
            # All but the one that never would. It runs: it is asked to stop.
            self.futures[ENDLESS].cancel()
        if len(self.results) == len(self.futures):
            self.loop.quit()


def main() -> int:
    with Tl.EventThread("server") as thread, Tl.Executor(4, "download") as executor:
        server = thread.submit(start_server).result()
        window = Window(url_of(server), executor)
        window.loop.run()
        thread.submit(server.close).result()

    for name, result in sorted(window.results.items()):
        print(f"{name}: {result}")
    wanted = {name: hashlib.sha256(bytes(size)).hexdigest() for name, size in FILES.items()}
    wanted[ENDLESS] = "called off"
    if window.results != wanted or not window.n_notified:
        print("pipeline: that is not what was served", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
