# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `from gi.repository import Tl` gives: the package threadloop, and what
# the typelib has beside it.

from collections.abc import Callable as _Function
from typing import Any

from gi.repository import GObject

from threadloop import *

MAJOR_VERSION: int
MINOR_VERSION: int
MICRO_VERSION: int

class _Enum(int):
    @property
    def value_name(self) -> str: ...
    @property
    def value_nick(self) -> str: ...

class Cancel(_Enum):
    TOO_LATE: Cancel
    REQUESTED: Cancel
    DONE: Cancel

class Error(_Enum):
    FAILED: Error
    SHUT_DOWN: Error
    NOT_STARTED: Error
    ALREADY_STARTED: Error
    QUEUE_FULL: Error
    WOULD_DEADLOCK: Error
    BROKEN: Error
    THREAD: Error
    ABANDONED: Error
    PENDING: Error
    WRONG_TYPE: Error
    @staticmethod
    def quark() -> int: ...

class FutureState(_Enum):
    PENDING: FutureState
    RUNNING: FutureState
    DONE: FutureState
    FAILED: FutureState
    CANCELLED: FutureState

class Shutdown(_Enum):
    DRAIN: Shutdown
    CANCEL_QUEUED: Shutdown
    CANCEL_ALL: Shutdown

class WhenFull(_Enum):
    BLOCK: WhenFull
    FAIL: WhenFull

class Progress(GObject.Object):
    """What `Future.progress` gives. All of its properties notify."""

    class Props:
        @property
        def fraction(self) -> float: ...
        @property
        def message(self) -> str | None: ...
        @property
        def name(self) -> str | None: ...
        @property
        def state(self) -> FutureState: ...

    @property
    def props(self) -> Props: ...
    def get_fraction(self) -> float: ...
    def get_message(self) -> str | None: ...
    def get_name(self) -> str | None: ...
    def get_state(self) -> FutureState: ...

class Callable:
    """What `call()` looks up by a name."""

    @staticmethod
    def lookup(name: str) -> Callable: ...
    @staticmethod
    def lookup_method(type: Any, name: str) -> Callable: ...
    def get_name(self) -> str: ...
    def get_symbol(self) -> str: ...
    def get_n_params(self) -> int: ...
    def get_param_name(self, i: int) -> str: ...
    def get_n_results(self) -> int: ...
    def get_result_enum(self, i: int) -> str | None: ...
    def result_is_bytes(self, i: int) -> bool: ...
    def takes_cancellable(self) -> bool: ...
    def to_string(self) -> str: ...

class Values:
    """A list of values, or a map, as the library has them."""

    @staticmethod
    def new(values: None) -> Values: ...
    @staticmethod
    def new_map(values: None) -> Values: ...
    def append(self, value: Any) -> None: ...
    def copy_to(self, i: int, value: GObject.Value) -> None: ...
    def get_size(self) -> int: ...
    def is_map(self) -> bool: ...

class Call:
    """What `call()` has a worker run."""

    @staticmethod
    def new(callable: Callable, args: Values | None) -> Call: ...
    def run(self, cancellable: Any) -> Values: ...

class Bell:
    @staticmethod
    def new_home(func: _Function[..., object], *user_data: Any) -> Bell: ...
    def ring(self) -> bool: ...
    def close(self) -> None: ...

def error_quark() -> int: ...
def thread_run() -> None: ...
