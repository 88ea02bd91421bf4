"""A real Prometheus scrapes our metrics and evaluates our rules."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from catalog.web.metrics import metrics
from tests.support.http_server import Exchange, serve
from tests.support.markdown_pages import free_port
from tests.support.metrics import figures
from tests.support.needs import needs

PROMETHEUS = shutil.which("prometheus") or ""
EVERY = '{job="catalog",__name__=~"catalog_.+"}'
RULES = Path(__file__).resolve().parents[2] / "docs" / "prometheus-alerts.yml"


@contextmanager
def _prometheus(folder: Path, target: int) -> Iterator[str]:
    """Run Prometheus on a target of the loopback, and yield its address."""
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": "catalog", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
        ],
    }
    file, address = folder / "prometheus.yml", f"127.0.0.1:{free_port()}"
    file.write_text(json.dumps(config))
    places = [f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            [PROMETHEUS, *places, f"--web.listen-address={address}"], stdout=log, stderr=log
        )
        try:
            yield f"http://{address}/api/v1"
        finally:
            running.terminate()
            running.wait(30)


@pytest.mark.long
@needs("prometheus")
def test_prometheus_reads_every_sample(tmp_path: Path) -> None:
    """Prometheus asks for OpenMetrics, stores all samples, and its queries find them."""
    stored, accepted = Event(), []

    def first(exchange: Exchange) -> None:
        accepted.append(exchange.request.headers["accept"])
        body, media_type = metrics(figures(), accepted[-1])
        exchange.send(200, {"Content-Type": media_type}, body)

    def later(exchange: Exchange) -> None:
        first(exchange)
        stored.set()  # because the next scrape begins after the samples of the one before are kept

    with serve(first, later) as server, _prometheus(tmp_path, server.port) as api:
        assert stored.wait(60), (tmp_path / "log").read_text()
        assert "application/openmetrics-text" in accepted[0]
        (target,) = _get(f"{api}/targets")["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        found = _get(f"{api}/query?query={quote(EVERY)}")
        lines = metrics(figures())[0].decode().splitlines()
        assert len(found["result"]) == len([line for line in lines if not line.startswith("#")])
        (group,) = _get(f"{api}/rules")["groups"]
        assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}


def _get(url: str) -> Any:
    answer = httpx.get(url, timeout=30, trust_env=False)
    return answer.json()["data"]
