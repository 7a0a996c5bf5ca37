"""Makes the clone's own ``.venv``: the locked distributions, then this package; repairs one that was left half-made.

Why our own and not uv, tox or poetry: the person in front of it has git, make and Python, and nothing else is to be
installed first. Only the standard library; compiles on old Pythons, so that they can say that they are old.

How a half-made environment is known: ``.trimtab-unfinished`` is in it before anything else and is taken away last.
A pip that was killed leaves distributions that the next pip believes are whole, so such an environment is made from
nothing again. A stamp per lock holds the digest of what was asked for, so that the second time is one comparison.

pip is run with the environment as it is: its index, proxy and certificate settings are the user's own.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".trimtab-unfinished"
ELSEWHERE = "name another Python: make ... PYTHON=/path/to/python3"
# Room for the environment and pip's cache and temporary files, in megabytes; docs/dependencies.md has the parts.
LOCKS = {"demo": 1000, "dev": 1900}


class SetUpError(Exception):
    """Set-up cannot go on; the text is for the person in front of it."""


def lock(kind: str) -> Path:
    """The file with the distributions of this kind, each with its hashes."""
    return ROOT / "requirements" / f"{kind}.txt"


def stamp(kind: str) -> Path:
    """Where ``.venv`` says that it holds what the lock of this kind asks for."""
    return VENV / f".trimtab-{kind}"


def fingerprint(kind: str, version: str) -> str:
    """A digest of what ``.venv`` is made from: lock, project file, Python, and the place, which its scripts name."""
    whole = hashlib.sha256(f"{version}\n{VENV}\n".encode())
    for source in (lock(kind), ROOT / "pyproject.toml"):
        whole.update(hashlib.sha256(source.read_bytes()).digest())
    return whole.hexdigest()


def ready(kind: str, version: str) -> bool:
    """Whether ``.venv``, whose Python has this version, holds what is asked for. The dev lock contains the demo's."""
    if UNFINISHED.exists():
        return False
    made = [one for one in dict.fromkeys((kind, "dev")) if stamp(one).is_file()]
    return any(stamp(one).read_text() == fingerprint(one, version) for one in made)


def own_version() -> str:
    """``3.11``: the part of this Python's version that wheels and folders are named by."""
    return "{}.{}".format(*sys.version_info[:2])


def version_in_venv() -> str | None:
    """The version of ``.venv``'s Python, or None where there is none that runs and has pip."""
    import subprocess

    ask = "import sys, pip; print('{}.{}'.format(*sys.version_info[:2]))"
    try:
        done = subprocess.run([str(PYTHON), "-I", "-c", ask], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode().strip()


def say(sentence: str) -> None:
    """A line for the person who waits; not on stdout, which belongs to what is run after."""
    print(f"trimtab set-up: {sentence}", file=sys.stderr, flush=True)


def only_one() -> int:
    """Waits until no other set-up works on this clone; the descriptor holds the lock, and pip inherits it.

    The lock lies on this very file, so that no lock file is left behind. It outlives a killed set-up for as long as the
    pip that it started goes on writing.
    """
    import fcntl

    descriptor = os.open(str(Path(__file__).resolve()), os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another set-up is at work in this clone; waiting for it.")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        pass  # a file system without locks: two set-ups at once are then the user's own to avoid
    return descriptor


def discard_venv() -> None:
    """Takes ``.venv`` away in one step, then deletes it: killed in between, nothing is left that looks whole."""
    import shutil

    grave = ROOT / ".venv-discarded"
    shutil.rmtree(str(grave), ignore_errors=True)
    if VENV.exists():
        VENV.rename(grave)
        shutil.rmtree(str(grave), ignore_errors=True)


def make_venv(kind: str, descriptor: int) -> bool:
    """Leaves a ``.venv`` whose Python runs and returns whether it is new. Deletes only what a set-up of ours made."""
    import subprocess

    version = version_in_venv()
    asked = own_version() if os.environ.get("PYTHON") else version
    if version is not None and version == asked and not UNFINISHED.exists():
        return False
    ours = UNFINISHED.exists() or stamp("demo").exists() or stamp("dev").exists()
    if VENV.is_symlink() or (VENV.exists() and not ours and any(VENV.iterdir())):
        raise SetUpError(f"there is a {VENV} that this set-up did not make and cannot use.\n    mv .venv .venv.old")
    if VENV.exists():
        why = "was left half-made" if UNFINISHED.exists() else f"is of Python {version or 'that no longer runs'}"
        say(f".venv {why}; making it again.")
    discard_venv()
    say("[1/3] making .venv with Python {}.{}.{}".format(*sys.version_info[:3]) + f" ({sys.executable})")
    VENV.mkdir()
    UNFINISHED.write_text(f"a set-up for {kind} is at work, or was killed\n")
    command = [sys.executable, "-E", "-s", "-m", "venv", str(VENV)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[descriptor], check=False)
    if done.returncode != 0:
        told = quoted(done.stdout.decode(errors="replace").splitlines())
        raise SetUpError(f"Python's venv failed. Its last lines:\n{told}\n    {ELSEWHERE}")
    return True


def pip(arguments: list[str], descriptor: int, total: int = 0) -> None:
    """Runs ``.venv``'s pip, counting on a terminal; raises SetUpError with pip's last lines and what to do."""
    import subprocess

    command = [str(PYTHON), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, pass_fds=[descriptor]
    ) as child:
        lines: list[str] = []
        seen = 0
        assert child.stdout is not None
        for raw in child.stdout:
            line = raw.decode(errors="replace").rstrip()
            lines.append(line)
            seen += line.lstrip().startswith(("Collecting ", "Processing ", "Requirement already "))
            if total and sys.stderr.isatty():
                doing = "installing them" if line.startswith("Installing collected") else line.strip()[:70]
                print(f"\r\033[K  {min(seen, total)} of {total}  {doing}", end="", file=sys.stderr, flush=True)
    if total and sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if child.returncode != 0:
        told = [line for line in lines if line and "Expected     or" not in line]
        raise SetUpError(f"pip failed. Its last lines:\n{quoted(told)}\n{advice(lines)}")


def quoted(lines: list[str]) -> str:
    """The last lines of another program, set apart from our own."""
    return "\n".join(f"  | {line}" for line in lines[-12:])


# What pip's words mean for the person who reads them; the first that fits. Reaching the index comes first: pip says
# "no matching distribution" as well when it could not ask.
ADVICE = {
    ("Connection", "Max retries", "name resolution", "Name or service", "ProxyError", "SSLError", "timed out"): """\
pip could not reach its package index. The index, proxy and certificates are your own settings:
    .venv/bin/python -m pip config list""",
    ("DO NOT MATCH THE HASHES",): """\
A file is not the one that was locked: a mirror changed it or the download broke. None of it was installed.
    run the same command again; if it stays so, use another index""",
    ("No matching distribution", "Could not find a version"): """\
Your package index has no wheel of the locked version for this Python and this kind of machine, or could not be asked.
    .venv/bin/python -m pip config list   shows the index; locked are Python 3.11 to 3.14 on Linux (x86-64, ARM64;
    glibc) and macOS (Apple silicon)""",
    ("No space left", "Disk quota"): """\
The disk is full.
    make room and run the same command again""",
}


def advice(lines: list[str]) -> str:
    """The next step that pip's last lines call for."""
    text = "\n".join(lines)
    for signs, meaning in ADVICE.items():
        if any(sign in text for sign in signs):
            return meaning
    return "Mend what pip names.\n    run the same command again: it goes on from there"


def install(kind: str, descriptor: int) -> None:
    """Fills ``.venv`` from the lock and puts this package's ``src`` on its path."""
    new = make_venv(kind, descriptor)
    UNFINISHED.write_text(f"a set-up for {kind} is at work, or was killed\n")
    total = sum("==" in line for line in lock(kind).read_text().splitlines())
    say(f"[2/3] installing {total} locked distributions; the first time this takes a minute or two")
    try:
        pip(["--require-hashes", "--only-binary=:all:", "-r", str(lock(kind))], descriptor, total)
        say("[3/3] installing trimtab itself from src/")
        pip(["--no-deps", "--no-build-isolation", "--no-index", "-e", str(ROOT)], descriptor)
    except SetUpError:
        # pip that fails by itself puts back what it took away: an environment that worked before still does.
        if not new:
            UNFINISHED.unlink()
        raise
    version = version_in_venv()
    if version is None:
        raise SetUpError("the new .venv does not run.\n    make clean, then the same command again")
    stamp(kind).write_text(fingerprint(kind, version))
    UNFINISHED.unlink()


def set_up(kind: str) -> None:
    """Everything, for one kind of lock: what is missing is named first and all together, before anything is made."""
    if os.name != "posix":
        raise SetUpError("Windows is supported through WSL2.\n    wsl --install, then the same command inside it")
    from tools import machine

    found = machine.lacks(ROOT, LOCKS[kind])
    if found:
        raise SetUpError("\n".join(f"{lack.problem}\n    {lack.fix}" for lack in found))
    descriptor = only_one()
    version = version_in_venv()
    asked = os.environ.get("PYTHON") and own_version()
    if version is None or asked not in ("", None, version) or not ready(kind, version):
        install(kind, descriptor)
    openmp = machine.missing_openmp() if kind == "dev" else None
    if openmp:
        say(f"{openmp.problem}\n    {openmp.fix}")


def main(arguments: list[str]) -> int:
    """``python -m tools.bootstrap [--ready] demo|dev``; with --ready only its exit code says if all is there."""
    kind = arguments[-1] if arguments else ""
    if kind not in LOCKS or arguments[:-1] not in ([], ["--ready"]):
        print("usage: python -m tools.bootstrap [--ready] demo|dev", file=sys.stderr)
        return 2
    if "--ready" in arguments:
        return 0 if ready(kind, own_version()) else 1
    try:
        set_up(kind)
    except SetUpError as refusal:
        say(str(refusal))
        return 4
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
