# SPDX-License-Identifier: LGPL-2.1-or-later
"""What type checkers are told of `from gi.repository import Tl`."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gi.repository import Tl

import threadloop

PACKAGE = Path(threadloop.__file__).parent
STUBS = Path(__file__).parents[2] / "bindings" / "python" / "stubs"
TREE = ast.parse((STUBS / "gi-stubs" / "repository" / "Tl.pyi").read_text(encoding="utf-8"))


def test_all_of_the_package_is_there_but_its_future() -> None:
    imported = {alias.name for node in TREE.body if isinstance(node, ast.ImportFrom) and node.module == "threadloop"
                for alias in node.names}
    assert imported == set(threadloop.__all__) - {"Future"}
    assert Tl.Future is not threadloop.Future


CLASSES = [node for node in TREE.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_what_it_says_of_the_library_is_so(node: ast.ClassDef) -> None:
    cls: Any = getattr(Tl, node.name)
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name != "props":
            assert callable(getattr(cls, member.name)), member.name
        elif isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            assert isinstance(getattr(cls, member.target.id), cls)


PROGRAM = """
import asyncio
from gi.repository import Tl
import threadloop

def plain(n: int) -> str: return str(n)
async def coroutine(n: int) -> str: return str(n)

executor = Tl.Executor(2)
text: str = executor.submit(plain, 1).result()
text = executor.submit(coroutine, 1).result()
text = executor.submit(coroutine(1)).result()
texts: list[str] = list(executor.map(plain, [1]))
texts = list(executor.map(coroutine, [1]))
text = Tl.to_thread(plain, 1).result()
text = Tl.to_thread(coroutine, 1).result()
text = Tl.to_thread(coroutine(1)).result()
text = Tl.run(coroutine(1))
fraction: float = executor.submit(plain, 1).progress.get_fraction()
own: threadloop.Future[str] = threadloop.Future()
native = Tl.Future.new("it")
native.set_string("x")
wrapped: threadloop.Future[object] = Tl.wrap_future(native)
"""

# Each of them fails where it runs.
WRONG = {
    "x: Tl.Future[int]": "type-arg",
    "number: int = Tl.run(coroutine(1))": "assignment",
    "numbers: list[int] = list(executor.map(coroutine, [1]))": "arg-type",
    "Tl.current_future().done()": "union-attr",
    "threadloop.Future(3)": "call-arg",
}


def mypy(code: str, where: Path) -> list[str]:
    pytest.importorskip("mypy")
    program = where / "program.py"
    program.write_text(code, encoding="utf-8")
    # As packages that are installed.
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(PACKAGE.parent), str(STUBS)]))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context",
         "--cache-dir", str(where / "cache"), str(program)],
        capture_output=True, text=True, env=env, check=False)
    assert done.stderr == ""
    return [line.split("program.py:", 1)[1] for line in done.stdout.splitlines() if "error:" in line]


def test_right_programs_are_right_and_wrong_ones_wrong(tmp_path: Path) -> None:
    errors = mypy(PROGRAM + "\n".join(WRONG) + "\n", tmp_path)
    first = PROGRAM.count("\n") + 1
    found = {int(error.split(":", 1)[0]): error.rsplit("[", 1)[-1].rstrip("]") for error in errors}
    assert found == {first + i: kind for i, kind in enumerate(WRONG.values())}, errors
