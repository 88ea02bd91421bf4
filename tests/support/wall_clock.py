"""A wall clock that tests set for their commands.

Monotonic time does not change.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

COMPILER = shutil.which("cc")
_SOURCE = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void)
{
    const char *place = getenv("TEST_CLOCK");
    FILE *file = place ? fopen(place, "r") : NULL;
    long seconds = 0;
    if (file) {
        if (fscanf(file, "%ld", &seconds) != 1)
            seconds = 0;
        fclose(file);
    }
    return seconds;
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    int failed = syscall(SYS_clock_gettime, which, now);
    if (!failed && which == CLOCK_REALTIME)
        now->tv_sec += shift();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec there;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &there);
    now->tv_sec = there.tv_sec;
    now->tv_usec = there.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *given)
{
    struct timespec there;
    clock_gettime(CLOCK_REALTIME, &there);
    if (given)
        *given = there.tv_sec;
    return there.tv_sec;
}
"""


@dataclass(frozen=True, slots=True)
class WallClock:
    """The time of day of all processes started with `environ`."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "WallClock":
        """Build a library that replaces the clock of a process. This needs a C compiler."""
        assert COMPILER
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "clock.c").write_text(_SOURCE, encoding="utf-8")
        command = [COMPILER, "-shared", "-fPIC", "-O1", "-o", "clock.so", "clock.c"]
        subprocess.run(command, cwd=folder, check=True)
        clock = cls(folder)
        clock.shift(timedelta())
        return clock

    @property
    def environ(self) -> dict[str, str]:
        """The variables that put a process on this clock."""
        return {"LD_PRELOAD": f"{self.folder}/clock.so", "TEST_CLOCK": f"{self.folder}/shift"}

    def shift(self, by: timedelta) -> None:
        """Set the clock to the true time plus whole seconds."""
        new = self.folder / "shift.new"
        new.write_text(f"{by.total_seconds():.0f}\n", encoding="utf-8")
        os.replace(new, self.folder / "shift")  # noqa: PTH105  # never read by halves
