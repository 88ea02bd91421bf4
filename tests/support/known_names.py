"""Known names for the tests and measurements of scanning."""

import json

from catalog.providers.recordings import shipped

# Names from before or after the recorded answers.
OTHERS = {
    "mixtral",
    "sdxl_lightning",
    "mistralai/Mistral-Small-4-119B-2603",
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-FP8",
}


def names() -> frozenset[str]:
    """Return all names of the shipped history, and the others."""
    bodies = [json.loads(path.read_bytes()) for path in shipped().glob("*.json")]
    return frozenset({row["name"] for body in bodies for row in body["data"]} | OTHERS)


KNOWN = names()
