# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that the pages show run, and say what the pages say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def samples() -> list[tuple[str, str]]:
    found = []
    for page in TOP / "README.md", TOP / "doc" / "python.md":
        for number, text in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"),
                                                 re.MULTILINE | re.DOTALL)):
            found.append((f"{page.name}-{number}", text))
    return found


OUTPUT = {
    "README.md-0": r"[0-9a-f]{64}\n",
    "README.md-1": r"Hello world\n",
    "python.md-0": r"\d+ words\n",
    "python.md-1": r"1023\n\[1, 2, 3\]\n",
    "python.md-2": r"40 digits\n",
    "python.md-3": r"42\n",
    "python.md-4": r"tick\n499500\n",
}


def test_every_sample_is_known() -> None:
    assert {name for name, _ in samples()} == set(OUTPUT)


@pytest.mark.parametrize(("name", "text"), samples(), ids=[name for name, _ in samples()])
def test_sample(name: str, text: str, tmp_path: Path) -> None:
    program = tmp_path / "sample.py"
    program.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120, check=True)
    assert re.fullmatch(OUTPUT[name], done.stdout), done.stdout
    assert done.stderr == ""
