"""Runs the command line on each package named on stdin, each in a process of its own, and says how it went.

The processes are copies (`fork`) of one that has loaded reshore and used none of it, so that hundreds of them take
seconds. One line of JSON for each: exit code, output, seconds of work, peak memory.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys


def run(path: str, out: str) -> None:
    """Runs ``reshore check PATH --json`` in this process, writes what it prints to `out`, and ends."""
    from reshore.cli import main

    stdout, stderr = io.StringIO(), io.StringIO()
    sys.argv = ["reshore", "check", path, "--json"]
    code: object = 1
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            main()
        except SystemExit as end:
            code = end.code
        except BaseException as error:
            stderr.write(f"Traceback: {error!r}")
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"stdout": stdout.getvalue(), "stderr": stderr.getvalue()}, file)
    os._exit(code if isinstance(code, int) else 1)


def main(out: str) -> None:
    import reshore.cli.check
    import reshore.data  # noqa: F401

    for line in sys.stdin:
        path = json.loads(line)
        child = os.fork()
        if child == 0:
            run(path, out)
        _, status, used = os.wait4(child, 0)
        seconds = used.ru_utime + used.ru_stime
        with open(out, encoding="utf-8") as file:
            said = json.load(file)
        os.remove(out)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps({"code": code, "seconds": seconds, "megabytes": used.ru_maxrss / 1024, **said}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
