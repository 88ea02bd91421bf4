import sys
from types import ModuleType
from typing import cast

# httpx would load click and rich for its command line, which takes 40 ms. None marks the module as
# missing, and httpx handles that.
cast("dict[str, ModuleType | None]", sys.modules).setdefault("httpx._main", None)
