# SPDX-License-Identifier: LGPL-2.1-or-later
"""What CPython's own tests say, in TAP."""

from __future__ import annotations

import unittest
from typing import Any


def show(text: str) -> None:
    for line in text.splitlines():
        print("#", line)


class Result(unittest.TestResult):
    """Prints a TAP line a case, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.passed: list[str] = []
        self.failed: list[str] = []
        self.left_out: list[str] = []
        self._text = ""
        self._reason = ""

    def line(self, good: bool, name: str, rest: str = "") -> None:
        self.number += 1
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}{rest}", flush=True)

    def leave_out(self, name: str, reason: str) -> None:
        self.left_out.append(name)
        self.line(True, name, f" # SKIP {reason}")

    def fail(self, name: str) -> None:
        self.failed.append(name)
        self.line(False, name)

    def name_of(self, test: unittest.TestCase) -> str:
        return test.id()

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._text = self._reason = ""

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        name = self.name_of(test)
        if self._text:
            self.fail(name)
            show(self._text)
        elif self._reason:
            self.leave_out(name, self._reason)
        else:
            self.passed.append(name)
            self.line(True, name)

    def _note(self, test: Any, err: Any) -> None:
        text = self._exc_info_to_string(err, test)  # type: ignore[attr-defined]
        self._text += text
        if not isinstance(test, unittest.TestCase):  # a module or a class that could not be set up
            self.fail(str(test))
            show(text)

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._note(test, err)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self._note(test, err)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self._reason = reason.replace("\n", " ") or "no reason given"
