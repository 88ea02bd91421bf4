"""Name types for annotations without importing their libraries.

SQLAlchemy, pydantic and httpx need half a second to load, which is too slow for `catalog COMMAND
--help` and the fast path. A type checker sees the types. At run time each name is `Any`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.config.channels import AnyChannel as AnyChannel
    from catalog.config.load import Loaded as Loaded
    from catalog.config.providers import ProviderSettings as ProviderSettings
    from catalog.config.settings import Settings as Settings
    from catalog.config.web import WebSettings as WebSettings
    from catalog.core.http.client import Http as Http
    from catalog.daemon.job import Work as Work
    from catalog.probes.run import Probing as Probing
    from catalog.probes.run import Results as Results
    from catalog.probes.run import Selection as Selection
    from catalog.providers.described.infer.proposal import Proposal as Proposal
    from catalog.providers.git_history import CommittedAnswer as CommittedAnswer
    from catalog.replay.faults import Faults as Faults
    from catalog.replay.route import Route as Route
    from catalog.replay.server import ReplayServer as ReplayServer
    from catalog.store.database import Database as Database
    from catalog.store.database import Transaction as Transaction
    from catalog.store.deliveries import Delivery as Delivery
    from catalog.store.history import Head as Head
    from catalog.store.lookup import FindingDelivery as FindingDelivery
    from catalog.store.polls import Answered as Answered
    from catalog.store.polls import PastPoll as PastPoll
    from catalog.store.verify import Check as Check
    from catalog.sync.decide import Policy as Policy
    from catalog.sync.publish import Publisher as Publisher
    from catalog.sync.sync import Sync as Sync
    from catalog.sync.tune import Trial as Trial
else:

    def __getattr__(_name: str) -> Any:
        return Any
