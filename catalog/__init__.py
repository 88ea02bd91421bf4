"""Store the model lists of AI providers, and report their changes.

From Python, `Catalog.open` gives access to the stored data. docs/python.md shows how to use it. The
names in `__all__` are public. Each is loaded when it is first used, so importing this package is
fast.

To read the code, begin with `Sync.run` in sync/sync.py: it is one poll from the request to the
messages. Then read changes/change.py (the kinds of changes), changes/judge.py with
changes/rules.toml (their severity) and store/tables.py (the stored data). Commands are in cli/, one
module for each group. api/ has the functions that they share with `Catalog`. config/build.py turns
settings into objects. docs/architecture.md describes each package, and CONTRIBUTING.md lists the
files to change for a new provider, change, rule, channel or command.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "Added",
    "AnswerRefused",
    "AnswerTooLarge",
    "ArgumentInvalid",
    "Cancelled",
    "Catalog",
    "CatalogError",
    "CatalogHeld",
    "Change",
    "CheckResult",
    "DatabaseBusy",
    "DatabaseTooNew",
    "DatabaseUnreachable",
    "DeliveryFailed",
    "DocumentError",
    "Drift",
    "Finding",
    "Forbidden",
    "Forecast",
    "InternalError",
    "Level",
    "MarkersBroken",
    "MarkersMissing",
    "Model",
    "ModelDetails",
    "NotFound",
    "Notice",
    "Outcome",
    "Pass",
    "PayloadInvalid",
    "Poll",
    "Probed",
    "Problem",
    "ProviderError",
    "ProviderFailing",
    "RateLimited",
    "Recovered",
    "RegionEdited",
    "Removed",
    "Renamed",
    "Restored",
    "Retiring",
    "RouteMissing",
    "SettingsInvalid",
    "Snapshot",
    "StoreError",
    "Successor",
    "TimedOut",
    "Trouble",
    "Unauthorized",
    "Undelivered",
    "Unreachable",
    "Updated",
    "as_json",
    "sentence",
]

if TYPE_CHECKING:
    from catalog.api.catalog import Catalog
    from catalog.api.json_output import as_json
    from catalog.api.values import ModelDetails
    from catalog.changes.change import (
        Added,
        Cancelled,
        Change,
        Probed,
        Removed,
        Renamed,
        Restored,
        Retiring,
        Updated,
    )
    from catalog.changes.finding import Finding, Level
    from catalog.changes.forecast import Forecast
    from catalog.changes.incident import Recovered, Trouble, Undelivered
    from catalog.changes.poll import Outcome, Pass, Poll
    from catalog.changes.successors import Successor
    from catalog.check.notice import Notice
    from catalog.check.result import CheckResult
    from catalog.core.errors import (
        AnswerRefused,
        AnswerTooLarge,
        ArgumentInvalid,
        CatalogError,
        CatalogHeld,
        DatabaseBusy,
        DatabaseTooNew,
        DatabaseUnreachable,
        DeliveryFailed,
        DocumentError,
        Forbidden,
        InternalError,
        MarkersBroken,
        MarkersMissing,
        NotFound,
        PayloadInvalid,
        Problem,
        ProviderError,
        ProviderFailing,
        RateLimited,
        RegionEdited,
        RouteMissing,
        SettingsInvalid,
        StoreError,
        TimedOut,
        Unauthorized,
        Unreachable,
    )
    from catalog.core.payload import Drift
    from catalog.core.snapshot import Model, Snapshot
    from catalog.report.sentences import sentence
else:  # hidden from type checkers, because `__getattr__` makes them accept any name
    _MODULES = (
        "core.errors",
        "core.payload",
        "core.snapshot",
        "changes.incident",
        "changes.change",
        "changes.finding",
        "changes.poll",
        "changes.successors",
        "changes.forecast",
        "check.notice",
        "check.result",
        "report.sentences",
        "api.values",
        "api.json_output",
        "api.catalog",
    )
    """The modules of the public names, those that load fast first."""

    def __getattr__(name: str) -> object:
        """Load a public name on its first use (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        from importlib import import_module

        loaded = (vars(import_module(f"catalog.{module}")) for module in _MODULES)
        found = next(names[name] for names in loaded if name in names)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
