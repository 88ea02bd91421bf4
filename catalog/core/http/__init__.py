import sys
from types import ModuleType
from typing import cast

# Where click and rich are installed, httpx loads them for a command line of its own: not wanted,
# and 40 ms of each run. None: "this cannot be imported", which httpx is ready for.
cast("dict[str, ModuleType | None]", sys.modules).setdefault("httpx._main", None)
