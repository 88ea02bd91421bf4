"""Name types for annotations without importing their modules, as cli/lazy_types.py does."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.check.result import CheckResult as CheckResult
    from catalog.store.database import Database as Database
    from catalog.store.polls import PastPoll as PastPoll
else:

    def __getattr__(_name: str) -> Any:
        return Any
