"""Run a worker of a fleet, and sample its parts.

The CPU time of a thread since the last sample goes to the innermost frame of the program or of the
job engine. Libraries count for their caller. Event loop and idle threads count for the engine. The
line of JSON at the end has the seconds of each part.
"""

import json
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

from tests.campaign import fleet_program
from tests.support.checkout import ROOT

PAUSE = 0.005
OURS = f"{ROOT / 'catalog'}/"
ENGINE = (f"{ROOT / 'catalog' / 'fleet' / 'worker.py'}", "/procrastinate/")


def part(frame: FrameType | None) -> str:
    """Return the part of a stack, given its innermost frame."""
    while frame is not None:
        file = frame.f_code.co_filename
        if any(each in file for each in ENGINE):
            return "engine"
        if file.startswith(OURS):
            return "ours"
        frame = frame.f_back
    return "engine"


def sample(found: defaultdict[str, float], ended: threading.Event) -> None:
    """Add the CPU seconds of all other threads, until the end."""
    known: dict[int, float] = {}
    while not ended.wait(PAUSE):
        frames = sys._current_frames()  # the interpreter has no other way
        for thread in threading.enumerate():
            if thread.ident not in frames or thread is threading.current_thread():
                continue
            now = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            found[part(frames[thread.ident])] += now - known.get(thread.ident, now)
            known[thread.ident] = now


def main() -> int:
    """Serve as `tests.campaign.fleet_program`, and write the seconds into its folder."""
    found, ended = defaultdict[str, float](float), threading.Event()
    sampler = threading.Thread(target=sample, args=(found, ended))
    sampler.start()
    try:
        return fleet_program.main()
    finally:
        ended.set()
        sampler.join()
        with Path(sys.argv[1], "parts.jsonl").open("a") as file:
            file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    sys.exit(main())
