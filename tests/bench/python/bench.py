#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The subjects of the benchmark that are Python's. It takes what the C program
takes and prints what that prints; report.py makes tables of it."""

import json
import platform
import sys


def print_versions():
    import gi
    import threadloop  # noqa: F401

    try:
        from tornado import version as tornado
    except ImportError:
        tornado = 'none'
    print(json.dumps({'python': platform.python_version(), 'pygobject': gi.__version__, 'tornado': tornado}))


def main():
    if sys.argv[1:] == ['--versions']:
        print_versions()
        return

    import loops
    import pools
    import rounds

    rounds.run_program(pools.SUBJECTS | loops.SUBJECTS)


if __name__ == '__main__':
    main()
