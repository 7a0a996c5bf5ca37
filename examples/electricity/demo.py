"""The whole story in a few commands: from an empty project to a model that heals itself, on real data.

Everything it does it does by the commands that a user would type, and prints them. The work folder is made anew each
time, so the example itself stays as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent


def show(command: list[str]) -> None:
    """Print a command as one would type it."""
    words = [Path(command[0]).name, *command[1:]]
    print(f"\n$ {shlex.join(words)}", flush=True)


def type_in(command: list[str], work: Path, *, may_fail: bool = False) -> int:
    """Run a command in the work folder and wait for it."""
    show(command)
    code = subprocess.run(command, cwd=work, check=False).returncode
    if code and not may_fail:
        sys.exit(f"`{shlex.join([Path(command[0]).name, *command[1:]])}` ended with exit code {code}")
    return code


def make_work(work: Path, data: str) -> None:
    """A fresh copy of the example, with the stream of rows that was asked for."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(HERE, work, ignore=shutil.ignore_patterns("__pycache__", "demo.py", ".trimtab"))
    if data == "steady":
        from steady import write_steady_stream  # type: ignore[import-not-found]  # it lies beside this script

        write_steady_stream(work / "data" / "history.parquet", work / "data" / "stream.parquet")


def replay(work: Path, trimtab: str) -> dict[str, int]:
    """Bring the loop up, send every row, and show the loop's decisions as they come."""
    up = [trimtab, "up", "--replay", "--port", "0"]
    show(up)
    server = subprocess.Popen(up, cwd=work, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = ""
        for line in server.stdout:
            print(f"  {line}", end="", flush=True)
            if line.startswith("ready: "):
                url = line.split()[1]
                break
        if not url:
            sys.exit(f"`trimtab up` ended with exit code {server.wait()}")
        teller = threading.Thread(target=tell, args=(server,), daemon=True)
        teller.start()
        token = subprocess.run([trimtab, "token"], capture_output=True, text=True, check=True).stdout.strip()
        client = [
            sys.executable, "client.py", "data/stream.parquet", "--url", url, "--endpoint", "electricity",
            "--time", "timestamp", "--label", "price_up", "--key", "timestamp",
        ]  # fmt: skip
        show(client)
        sent = subprocess.run(
            client, cwd=work, stdout=subprocess.PIPE, text=True, check=False, env={**os.environ, "TRIMTAB_TOKEN": token}
        )
        print(sent.stdout, end="", flush=True)
        result: dict[str, int] = json.loads(sent.stdout or "{}")
    finally:
        server.terminate()
        server.wait(30)
    if sent.returncode:
        sys.exit(f"the client ended with exit code {sent.returncode}")
    return result


def tell(server: subprocess.Popen[str]) -> None:
    """Pass on what the loop says while the client works."""
    assert server.stdout is not None
    for line in server.stdout:
        print(f"\r\033[K  {line}" if sys.stderr.isatty() else f"  {line}", end="", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=("real", "steady"), default="real")
    parser.add_argument("--work", type=Path, help="where to work (default: build/demo-… in the clone)")
    parser.add_argument("--json", type=Path, help="also write the report as a JSON document to this file")
    options = parser.parse_args()
    work: Path = options.work or HERE.parents[1] / "build" / f"demo-{options.data}"
    began = time.monotonic()
    make_work(work, options.data)
    # keys and a token of the demo's own, beside its project, so that nothing is written outside the clone
    os.environ["TRIMTAB_HOME"] = str(work.with_name(f"{work.name}-home"))
    print(f"working in {work}")
    trimtab = str(BIN / "trimtab")
    type_in([trimtab, "check"], work)
    type_in([trimtab, "run"], work)
    type_in(["head", "-n", "24", "contract.toml"], work)
    result = replay(work, trimtab)
    type_in([trimtab, "journal", "verify"], work)
    type_in([trimtab, "status"], work)
    type_in([trimtab, "report", "--blocks", "8", "--html", "report.html"], work)
    print(f"{'requests sent by the client':<34}{result['requests']:,}, failed {result['failed']}")
    print(f"{'seconds':<34}{result['seconds']:.0f} for the replay, {time.monotonic() - began:.0f} in all")
    print(f"\nthe page: {work / 'report.html'}")
    if options.json is not None:
        document = subprocess.run([trimtab, "report", "--json"], cwd=work, capture_output=True, text=True, check=True)
        options.json.write_text(document.stdout)


if __name__ == "__main__":
    main()
