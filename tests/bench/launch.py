"""Run a command and print its cost, as measured by the system.

    launch.py OUTPUT COMMAND...

It uses the standard library alone, because a process first counts the memory of its parent. The
output of the command goes to the file OUTPUT.
"""

import os
import sys
import time


def main() -> None:
    """Run the command and write its cost.

    The cost has CPU and wall seconds, peak bytes and exit code of its processes.
    """
    output, *command = sys.argv[1:]
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.execv(command[0], command)  # noqa: S606  # none is wanted
    _, status, used = os.wait4(child, 0)
    wall = time.monotonic() - started
    code = os.waitstatus_to_exitcode(status)
    sys.stdout.write(f"{used.ru_utime + used.ru_stime} {wall} {used.ru_maxrss * 1024} {code}\n")


main()
