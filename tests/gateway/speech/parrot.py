"""A worker that misbehaves on request: the real child machinery around a handler of no use."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from gateway.speech.child import CannotStartError, Handler, RefusedError, run
from gateway.speech.framing import Header

LIBC = ctypes.CDLL(None)


def handle(header: Header, payload: bytes) -> tuple[Header, bytes]:
    match header["op"]:
        case "echo":
            return {"said": header.get("say")}, payload
        case "pid":
            return {"pid": os.getpid(), "parent": os.getppid(), "nice": os.nice(0)}, b""
        case "print":
            sys.stdout.write("a stray print\n")
            sys.stdout.flush()
            LIBC.puts(b"a stray print of a native library")
            LIBC.fflush(None)
            return {}, b""
        case "sleep":
            time.sleep(float(header["for_s"]))
            return {"slept": True}, b""
        case "crash":
            os.kill(os.getpid(), int(header.get("signal", signal.SIGSEGV)))
        case "crash-once":
            flag = Path(header["flag"])
            if not flag.exists():
                flag.touch()
                os.abort()
            return {"second": True}, b""
        case "bug":
            raise ZeroDivisionError("a bug")
        case "refuse":
            raise RefusedError("not today")
        case "babble":
            os.write(3, b"{]\n" * 3)  # the descriptor of the answers: the first one that was free
            return {}, b""
        case _:
            pass
    raise RefusedError(f"no such operation: {header['op']!r}")


def load(mood: str) -> tuple[Handler, Header]:
    if mood == "unwilling":
        raise CannotStartError("no model in /nowhere")
    if mood == "dying":
        sys.stderr.write("the library says goodbye\n")
        sys.stderr.flush()
        os._exit(3)
    if mood == "slow":
        time.sleep(60)
    return handle, {"engine": "parrot"}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int)
    parser.add_argument("--nice", type=int)
    parser.add_argument("mood")
    arguments = parser.parse_args()
    return run(arguments.parent, arguments.nice, lambda: load(arguments.mood))


if __name__ == "__main__":
    sys.exit(main())
