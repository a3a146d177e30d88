# SPDX-License-Identifier: LGPL-2.1-or-later

"""What `from gi.repository import Tl` has beside, or in place of, the typelib's: the package threadloop.

There must be no `__init__.py` beside this file: PyGObject looks for overrides in every directory
`gi/overrides` on the path, but its own has to stay the package.
"""

import threadloop
from threadloop import *

del Future  # noqa: F821

# Tl.Future stays the library's, which PyGObject looks up here by its name when a
# function returns one. The futures of executors are threadloop.Future.
__all__ = [name for name in threadloop.__all__ if name != "Future"]
