"""The Kubernetes manifests of docs/deploy are valid, and their commands run."""

from typing import Any

import kubernetes_validate
import pytest
import yaml

from catalog.config.load import load
from tests.support.checkout import ROOT
from tests.support.shell import Shell

FILES = ("kubernetes-fleet.yaml", "kubernetes-cronjob.yaml")
OLDEST = "1.27"
"""The first version in which a CronJob's timeZone is stable."""


def manifests() -> list[dict[str, Any]]:
    """Return all documents of the files."""
    texts = [(ROOT / "docs" / "deploy" / name).read_text(encoding="utf-8") for name in FILES]
    return [document for text in texts for document in yaml.safe_load_all(text)]


def pods() -> list[dict[str, Any]]:
    """Return the pod of each workload."""
    found = []
    for each in manifests():
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        found += [spec["template"]["spec"]] if "template" in spec else []
    return found


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
def test_each_manifest_meets_the_published_schema(version: str) -> None:
    """Every object is valid for an old and a new Kubernetes, without unknown fields."""
    kinds = [each["kind"] for each in manifests()]
    assert kinds == ["ConfigMap", "Secret", "Deployment", "Deployment", "Service", "CronJob"]
    for each in manifests():
        kubernetes_validate.validate(each, version, strict=True)


def test_what_the_pods_name_is_there() -> None:
    """Pods use the ConfigMap and Secret of the file, and the Service finds its pods."""
    named = {(each["kind"], each["metadata"]["name"]): each for each in manifests()}
    for pod in pods():
        (container,) = pod["containers"]
        (volume,) = pod["volumes"]
        assert ("ConfigMap", volume["configMap"]["name"]) in named
        assert ("Secret", container["envFrom"][0]["secretRef"]["name"]) in named
    service, web = named["Service", "catalog-web"], named["Deployment", "catalog-web"]
    assert service["spec"]["selector"] == web["spec"]["template"]["metadata"]["labels"]


def test_the_commands_and_the_configuration_are_right(shell: Shell) -> None:
    """Each command is one that the program has, and the configuration has no mistake."""
    config, secret = manifests()[:2]
    file = shell.folder / "catalog.toml"
    file.write_text(config["data"]["catalog.toml"], encoding="utf-8")
    loaded = load(file, environ=secret["stringData"])
    assert loaded.settings.database.startswith("postgresql+psycopg://")
    assert loaded.settings.web.token is not None
    for pod in pods():
        words = [word for word in pod["containers"][0]["args"] if word != "--config"]
        words.remove("/etc/catalog/catalog.toml")
        assert "Usage: catalog" in shell("--config", file, *words, "--help").out
