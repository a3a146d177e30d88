#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the test cases that `meson test` ran.

A test program that speaks TAP counts with each of its cases, any other as
one. A program that crashed, timed out or otherwise failed without saying so
in a case counts as one more failure.

usage: test-summary.py BUILDDIR STATUS, with the exit status of meson test.
"""

import glob
import json
import os
import re
import sys

TAP = re.compile(r'^(not )?ok\b *\d*([^#\n]*)(?:#\s*(skip|todo)\b)?', re.I | re.M)


def cases(text):
    """Yields (name, outcome) for each TAP line of a test's output."""
    for match in TAP.finditer(text):
        directive = (match.group(3) or '').lower()
        name = match.group(2).strip()
        if directive == 'skip':
            yield name, 'skipped'
        elif match.group(1) and directive != 'todo':
            yield name, 'failed'
        else:
            yield name, 'passed'


def main():
    build, status = sys.argv[1], int(sys.argv[2])
    count = {'passed': 0, 'failed': 0, 'skipped': 0}
    skipped = []
    tests = {t['name']: t for t in json.load(
        open(os.path.join(build, 'meson-info', 'intro-tests.json'), encoding='utf-8'))}

    for path in glob.glob(os.path.join(build, 'meson-logs', 'testlog*.json')):
        for line in open(path, encoding='utf-8'):
            run = json.loads(line)
            name = run['name']
            text = run.get('stdout') or ''
            # "project:suite / name", since meson 1.9 "suite - project:name".
            short = re.split(r' / |:', name)[-1]
            if short not in tests:
                raise SystemExit(f'{path}: there is no test {short}')
            tap = tests[short]['protocol'] == 'tap'
            found = list(cases(text)) if tap else []
            for case, outcome in found:
                count[outcome] += 1
                if outcome == 'skipped':
                    skipped.append(f'{name}: {case}')
            good = run['result'] in ('OK', 'SKIP', 'EXPECTEDFAIL')
            if not good and not any(outcome == 'failed' for _, outcome in found):
                count['failed'] += 1
            elif not found and run['result'] == 'SKIP':
                count['skipped'] += 1
                skipped.append(name)
            elif not found and not tap:
                count['passed'] += 1

            if not good:
                print(f'\n==== {name}: {run["result"]} ====', file=sys.stderr)
                print(text.rstrip(), file=sys.stderr)
                print((run.get('stderr') or '').rstrip(), file=sys.stderr)

    for name in skipped:
        print(f'skipped: {name}')
    if status != 0 and count['failed'] == 0:
        print(f'meson test failed with status {status}', file=sys.stderr)
        count['failed'] += 1
    if count['passed'] + count['failed'] == 0:
        print('no test was run', file=sys.stderr)
        count['failed'] += 1
    print(f'{count["passed"]} passed, {count["failed"]} failed')
    return 1 if count['failed'] else 0


if __name__ == '__main__':
    sys.exit(main())
