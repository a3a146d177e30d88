# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples, run as a user runs them."""

from __future__ import annotations

import hashlib
import os
import pty
import shlex
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]
EXAMPLES = TOP / "examples" / "python"

# How long an example may take, in seconds, on a machine that does a lot else.
LIMIT = 180


def run(name: str, *args: str, **kwargs: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, str(EXAMPLES / name), *args], check=False, timeout=LIMIT,
                          capture_output=True, **kwargs)


def lines_of(name: str) -> list[str]:
    done = run(name)
    if done.returncode == 77:
        pytest.skip(done.stderr.decode().strip())
    assert done.stderr.decode() == ""
    assert done.returncode == 0
    return done.stdout.decode().splitlines()


# checksum.py


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few hundred files, of all sizes, and with names that have to be escaped."""
    root = tmp_path_factory.mktemp("tree")
    for i in range(300):
        directory = root / f"directory {i % 7}" / f"sub{i % 3}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"file {i}").write_bytes(os.urandom(i * 17))
    for name in "new\nline", "back\\slash", "-dash", "ünïcode":
        (root / name).write_text(name)
    (root / os.fsdecode(b"not-utf8-\xff")).write_text("x")
    (root / "large").write_bytes(os.urandom(5_000_000))
    (root / "nothing").touch()
    (root / "link").symlink_to("large")
    return root


def wanted(tree: Path) -> list[bytes]:
    done = subprocess.run(["find", tree, "-type", "f", "-exec", "sha256sum", "{}", "+"],
                          check=True, stdout=subprocess.PIPE)
    return sorted(done.stdout.splitlines())


def test_checksum_prints_what_sha256sum_prints(tree: Path) -> None:
    for jobs in 1, 5:
        done = run("checksum.py", "--jobs", str(jobs), str(tree))
        assert sorted(done.stdout.splitlines()) == wanted(tree)
        assert done.returncode == 0
        assert done.stderr.startswith(b"checksum: 307 files, ")
    checked = subprocess.run(["sha256sum", "-c", "--quiet", "--strict"], input=done.stdout, check=False)
    assert checked.returncode == 0


def test_checksum_of_files_that_are_not_there(tree: Path) -> None:
    done = run("checksum.py", "/nonexistent", str(tree / "nothing"), "/dev/null")
    assert done.returncode == 1
    assert done.stdout.split()[0].decode() == hashlib.sha256(b"").hexdigest()
    errors = done.stderr.decode().splitlines()
    assert errors[:2] == ["checksum: /nonexistent: No such file or directory",
                          "checksum: /dev/null: Not a regular file"]


def test_checksum_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "a small one").write_text("x")
    with open(tmp_path / "a huge one", "wb") as file:
        file.truncate(1 << 40)
    with subprocess.Popen([sys.executable, str(EXAMPLES / "checksum.py"), str(tmp_path / "a small one"), str(tmp_path)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_checksum_shows_progress_on_a_terminal(tree: Path) -> None:
    ours, theirs = pty.openpty()
    env = dict(os.environ, TERM="xterm")
    try:
        done = subprocess.run([sys.executable, str(EXAMPLES / "checksum.py"), str(tree)], check=False, timeout=LIMIT,
                              stdout=subprocess.PIPE, stderr=theirs, env=env)
        os.set_blocking(ours, False)
        shown = os.read(ours, 1 << 20)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == wanted(tree)
    assert b"307 files" in shown


def test_checksum_as_the_one_in_c(tmp_path: Path) -> None:
    """All that examples/c has to do."""
    program = tmp_path / "checksum"
    command = shlex.join([sys.executable, str(EXAMPLES / "checksum.py")])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    done = subprocess.run([TOP / "examples" / "c" / "test-checksum.sh", program], check=False, timeout=3 * LIMIT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert [line for line in done.stdout.decode(errors="replace").splitlines() if line.startswith("FAILED")] == []
    assert done.returncode == 0


# duplicates.py


def test_duplicates() -> None:
    """Its window needs a display, which nobody has to see."""
    xvfb_run = shutil.which("xvfb-run")
    if xvfb_run is None:
        pytest.skip("there is no xvfb-run")
    # It has one place for what is said on either.
    done = subprocess.run([xvfb_run, "-a", sys.executable, str(EXAMPLES / "duplicates.py"), "--self-test"],
                          check=False, timeout=LIMIT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.decode(errors="replace")
    if done.returncode == 77:
        pytest.skip(said.strip())
    assert done.returncode == 0, said
    assert [line for line in said.splitlines() if line.startswith("duplicates: ")] == [
        "duplicates: found what is the same",
        "duplicates: the progress bar is full",
        "duplicates: the spinner turns while files are compared",
        "duplicates: cancelled",
        "duplicates: closing the window meanwhile",
    ], said
    assert "Traceback" not in said


# The others


def test_pipeline() -> None:
    sizes = {"large": 32, "medium": 8, "small": 1}
    assert lines_of("pipeline.py") == ["endless: called off"] + [
        f"{name}: {hashlib.sha256(bytes(n * 65536)).hexdigest()}" for name, n in sizes.items()]


def test_seed_tornado() -> None:
    assert lines_of("seed_tornado.py") == [
        "hello pool",
        "30",
        "['hello a', 'hello b', 'hello c']",
        "['hello loop 0', 'hello loop 1', 'hello loop 2']",
        "an IOLoop there: True",
        "TypeError: submit() wants a function to call, and got 'TEXT' (str); "
        "drop the parentheses: submit(fn, arg), not submit(fn(arg))",
        "RuntimeError: would deadlock: cannot join current thread",
        "RuntimeError: cannot schedule new futures after shutdown",
        "ThreadNotStartedError: has not been started yet",
    ]


def test_seed_to_thread() -> None:
    assert lines_of("seed_to_thread.py") == [
        *["[5, 6, 6, 6, 6]"] * 3,
        "request 7 on asyncio",
        "request 7 on ours",
        "request 7 on standard",
        "5 6",
    ]


def test_seed_event_thread() -> None:
    assert lines_of("seed_event_thread.py") == [
        "processed some image bytes",
        *[f"processed image {i}" for i in range(5)],
        "1234",
        "1234",
        "events",
        "1234",
        "left: cancelled",
        "ended on: events",
        "1234",
        "the loop went on: True",
    ]


def test_seed_run_on_executor() -> None:
    lines = lines_of("seed_run_on_executor.py")
    assert lines[:4] == ["4", "[0, 1, 4, 9]", "standard", "IN ASYNCIO"]
    assert lines[4] in ("[0, 1, 4]", "no Tornado")
    assert lines[5:] == [
        "25 on the main thread: True",
        "AttributeError: object has no attribute 'executor', which run_on_executor looks for",
    ]


def test_dask_futures() -> None:
    assert lines_of("dask_futures.py") == [
        "workers: 2",
        str([i * i for i in range(10)]),
        "here: False",
        "144",
        "KeyError 'on a worker'",
        "25",
    ]


def test_they_are_all_here() -> None:
    tested = Path(__file__).read_text()
    for example in EXAMPLES.glob("*.py"):
        assert f'"{example.name}"' in tested
        assert os.access(example, os.X_OK)
