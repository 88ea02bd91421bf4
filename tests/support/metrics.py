"""Figures of a store with one provider, for the tests of metrics."""

from catalog.changes.finding import Level
from catalog.changes.poll import Outcome
from catalog.web.metrics import Metrics, ProviderMetrics
from tests.support.builders import AT


def figures() -> Metrics:
    """Make figures in which every family has a sample."""
    one = ProviderMetrics(
        provider="infomaniak",
        last_success=AT,
        last_poll=AT,
        duration=0.25,
        polls=dict.fromkeys(map(str, Outcome), 0) | {"unchanged": 9, "held": 1},
        models={("llm", "ready"): 3, ("image", "ready"): 1},
        findings=dict.fromkeys(map(str, Level), 0) | {"breaking": 1},
        pending={"ops": 2},
        ending={7: 0, 30: 1, 90: 1},
    )
    return Metrics("1.2.3", 4096, (one,))
