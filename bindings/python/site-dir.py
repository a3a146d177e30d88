# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints where a package has to be installed so that this interpreter finds it.

usage: site-dir.py PREFIX DIR, with the directory that meson would take. It is taken, unless the interpreter
does not look there and does look into another one of the prefix: Debian has its own in /usr/local.
"""

import os
import site
import sys


def main():
    prefix, default = sys.argv[1:]
    default = os.path.join(prefix, default)
    looks = site.getsitepackages()
    mine = [path for path in looks if os.path.relpath(path, prefix).split(os.sep)[0] in ('lib', 'lib64')]
    print(mine[0] if mine and default not in looks else default)


if __name__ == '__main__':
    main()
