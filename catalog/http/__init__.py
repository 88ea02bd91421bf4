import sys

# Where click and rich are installed, httpx loads them for a command line of its own: not wanted,
# and 40 ms of each run. None: "this cannot be imported", which httpx is ready for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # meant so by Python
