"""Replace GitHub's command `gh` with pull requests in a file.

`gh api` reads and changes them as the REST API does, with the commits of a bare repository. Each
call is recorded. GH_STATE is the file, GH_ORIGIN the repository.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

State = dict[str, Any]


def main(words: list[str]) -> int:
    """Run one call, and return the exit code."""
    file = Path(os.environ["GH_STATE"])
    state: State = json.loads(file.read_text(encoding="utf-8"))
    fields = json.loads(sys.stdin.read()) if "--input" in words else query(words)
    state["calls"].append({"words": words, "fields": fields})
    method = words[words.index("--method") + 1]
    answer: Any = None
    if not os.environ.get("GH_TOKEN"):
        sys.stderr.write("gh: no token\n")
    elif state.get("broken") == method:
        sys.stderr.write("gh: Resource not accessible by integration (HTTP 403)\n")
    else:
        answer = call(state, method, words[1], fields)
        sys.stdout.write(json.dumps(answer))
    file.write_text(json.dumps(state), encoding="utf-8")
    return 0 if answer is not None else 1


def query(words: list[str]) -> dict[str, str]:
    """Return the fields that are given by -f."""
    pairs = (words[at + 1] for at, word in enumerate(words) if word == "-f")
    return dict(pair.split("=", 1) for pair in pairs)


def call(state: State, method: str, path: str, fields: dict[str, str]) -> Any:
    """Answer as the API does."""
    pulls = state["pulls"]
    for pull in pulls:
        if pull["state"] == "open":
            pull["head"]["sha"] = commit(pull["head"]["ref"])
    if method == "GET":
        owner, _, branch = fields["head"].partition(":")
        assert path == f"repos/{owner}/models/pulls"
        return [pull for pull in reversed(pulls) if pull["head"]["ref"] == branch][:1]
    if method == "PATCH":
        pulls[int(path.rsplit("/", 1)[1]) - 1].update(fields)
        return pulls[int(path.rsplit("/", 1)[1]) - 1]
    number = len(pulls) + 1
    pulls.append(
        {
            "number": number,
            "html_url": f"https://github.example/pull/{number}",
            "state": "open",
            "head": {"ref": fields["head"], "sha": commit(fields["head"])},
            "base": {"ref": fields["base"]},
            "title": fields["title"],
            "body": fields["body"],
        }
    )
    return pulls[-1]


def commit(branch: str) -> str:
    """Return the newest commit of a branch, empty if it is gone."""
    words = ["git", "--git-dir", os.environ["GH_ORIGIN"], "rev-parse", "-q", "--verify"]
    ended = subprocess.run(
        [*words, f"refs/heads/{branch}"], capture_output=True, text=True, check=False
    )
    return ended.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
