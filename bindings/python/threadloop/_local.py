# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a thread knows of itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._future import Future
    from ._home import Home


class Local(threading.local):
    """Thread-local; the values here are those of a thread that is nothing to us."""

    #: Where what it submits is released. Found out when it first submits.
    home: Home | None = None
    #: The place that it works for, if it is a worker of one.
    place: object | None = None
    #: Where it waits for a call, if it is a worker.
    park: Any = None
    #: Where it waits for results, at first, and what calls it there.
    lookout: tuple[Any, Callable[[], None]] | None = None
    #: The futures whose functions it is in, one inside of the other.
    running: list[Future[Any]] | None = None


local = Local()
