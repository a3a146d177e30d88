# Whatever else there is of PyGObject has no types here.
from typing import Any

def __getattr__(name: str) -> Any: ...
