"""Execute a recorded run again, somewhere else, from what was kept of it alone, and compare.

Nothing of the working tree is looked at: the source comes from its snapshot, the rows and files by digest, the
environment from the lock. What cannot be had is named before anything runs. The repetition is a process of its own,
in the environment that was built, with the seeds, threads and variables of the record.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from trimtab.app.home import Home
from trimtab.app.process_group import ProcessGroup
from trimtab.app.runs import find_run
from trimtab.app.settings import read_settings
from trimtab.app.step_outcome import Problem, error_of, problem_of
from trimtab.app.training_rows import table_path
from trimtab.base.digest import Digest, digest_bytes, short
from trimtab.base.errors import DriverError, InputError, TrimtabError
from trimtab.disk.atomic import write_bytes
from trimtab.disk.temporary import temporary_folder
from trimtab.drivers.data_files import lay_out, missing
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.source_snapshot import extract
from trimtab.records.environment import Environment, Level
from trimtab.records.reproduction import Reproduction, compare
from trimtab.records.run import Run, RunState
from trimtab.records.source import SourceTree
from trimtab.records.versioned import decode, encode

Say = Callable[[str], None]
_PROBLEM: Final = b"problem "
_FOUND_BY: Final = ("PYTHONPATH", "TRIMTAB_HOME")
"""Variables by which this Trimtab itself and those whom it trusts are found."""


class NotReproducibleError(InputError):
    """Something that the run needs cannot be had any more, or was never recorded."""

    code = "TT1395"


class RepetitionError(DriverError):
    """The process of a repetition ended without an answer."""

    code = "TT1396"


class Repetition(msgspec.Struct, frozen=True, kw_only=True):
    """What the repeating process is told: the record, the folder with the source, where its state is, and the
    hyper-parameters that are ``given`` again since the record has their digests alone."""

    run: Run
    folder: str
    state: str
    given: dict[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to repeat: ``offline`` fetches nothing; ``world`` puts it under another clock and another order of files, and
    ``hash_seed`` under another order of hashes; ``settings`` (``NAME=VALUE``) are the run's secrets."""

    offline: bool = False
    world: bool = False
    hash_seed: str | None = None
    settings: tuple[str, ...] = ()


def reproduce(home: Home, name: str, *, say: Say, way: Way = Way()) -> Reproduction:
    """A run executed again and compared; the comparison is recorded.

    Args:
        name: the run's id, a prefix of it, or ``latest``.

    Raises:
        NotReproducibleError: something that it needs is missing; everything that is, is named.
        SecretParameterError: it was given a secret that ``way`` does not give again.
        EditedPackageError: it runs in this environment, and somebody edited a package of it in place.
        RepetitionError: the repeating process was killed.
    """
    run = find_run(home, name)
    _check(home, run)
    with temporary_folder("reproduce") as place:
        folder, state = place / "source", place / "state"
        _lay_out(home, run, folder, state)
        python = _environment(home, run, say, offline=way.offline)
        say(f"running {run.run_id} again in {folder}")
        asked = Repetition(run=run, folder=str(folder), state=str(state), given=read_settings(way.settings))
        again = _repeat(python, asked, place, way)
        tolerance = _tolerance(folder)
    found = compare(run, again, tolerance=tolerance)
    home.records.put_document(f"reproduction/{run.run_id}", found)
    return found


# ── what it needs ────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(home: Home, run: Run) -> None:
    problems = [*_problems(home, run)]
    if problems:
        fix = "Put back what is named, for example from a copy of the state's folder, and try again."
        if run.state is not RunState.FINISHED:
            fix = "Name a run that finished: `trimtab runs --where 'state = finished'`."
        raise NotReproducibleError(f"{run.run_id} cannot be run again: {'; '.join(problems)}", fix=fix)


def _problems(home: Home, run: Run) -> Iterator[str]:
    if run.state is not RunState.FINISHED:
        how = "failed" if run.state is RunState.FAILED else "has not finished"
        yield f"it {how}, so there is nothing to compare with"
        return
    if run.code is None:
        yield "its source was not recorded"
    elif not home.blobs.has(run.code.source):
        yield f"its source {short(run.code.source)} is not kept here"
    else:
        tree = decode(SourceTree, home.blobs.get(run.code.source), at=run.code.source)
        gone = [name for name, file in tree.files.items() if not home.blobs.has(file.content)]
        yield from (f"its file {name} is not kept here" for name in gone)
    lock = run.environment.lock if run.environment is not None else None
    if lock is not None and not home.blobs.has(lock.content):
        yield f"its lock {lock.path} is not kept here"
    if run.data is not None and not table_path(home.state, run.data.table).is_file():
        yield f"its table {short(run.data.table)} is gone: {table_path(home.state, run.data.table)}"
    index = FileIndex(home.state / "cache" / "files.index")
    yield from missing(run.files, home.state / "blobs", home.root if home.root.is_dir() else None, index)
    if run.champion is not None and not home.bundles.has(run.champion):
        yield f"the release {short(run.champion)}, which it was compared with, is not here"
    for name, value in _variables(run).items():
        if _is_digest(value) and value not in _digests_here(name):
            yield f"the variable {name} is a secret, and here it is not set to what it was"


def _is_digest(value: str | None) -> bool:
    """Whether a variable is taken from here: a secret was recorded by its digest, and a digest as itself."""
    return value is not None and value.startswith("sha256:")


def _digests_here(name: str) -> tuple[str, ...]:
    value = os.environ.get(name)
    return () if value is None else (value, digest_bytes(os.fsencode(value)))


def _variables(run: Run) -> dict[str, str | None]:
    return {name: value for step in run.steps for name, value in step.variables.items()}


def _lay_out(home: Home, run: Run, folder: Path, state: Path) -> None:
    assert run.code is not None
    extract(Digest(run.code.source), folder, home.blobs)
    lay_out(run.files, folder, home.state / "blobs", root=home.root)
    (state / "tables").mkdir(parents=True)
    if run.data is not None:
        table = table_path(home.state, run.data.table)
        (state / "tables" / table.name).symlink_to(table)
    if run.champion is not None:
        (state / "releases").mkdir()
        path = home.bundles.path(run.champion)
        (state / "releases" / path.name).symlink_to(path)


def _environment(home: Home, run: Run, say: Say, *, offline: bool) -> str:
    """The interpreter that it runs in: the lock's environment, built again; or this one, where there was no lock."""
    found = run.environment
    if found is None or found.level is not Level.LOCKED or found.lock is None or run.code is None:
        say("its environment was observed and not locked: it runs in this one, and the differences are told")
        _refuse_edited(found)
        return sys.executable
    from trimtab.app.env_build import build_environment, with_trimtab

    lock = home.blobs.get(found.lock.content)
    say(f"building the environment of {found.lock.path}")
    host = with_trimtab(lock, found.lock.kind, python=found.python)
    built = build_environment(
        lock, found.lock.kind, home.state / "wheels", home.state / "environments", offline=offline, host=host
    )
    return str(built)


def _refuse_edited(found: Environment | None) -> None:
    """Refuse packages whose installed files were edited in place: by version and list they look like the run's."""
    from trimtab.drivers.environment import Libraries
    from trimtab.drivers.environment.verify import refuse_edited, verify_installed

    refuse_edited(verify_installed(found.packages if found is not None else (), Libraries(None)))


def _tolerance(folder: Path) -> float:
    from trimtab.drivers.project_file import read_project

    return read_project(folder).reproduce.tolerance


# ── running it ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _repeat(python: str, repetition: Repetition, place: Path, way: Way) -> Run:
    asked, answer = place / "asked", place / "answer"
    write_bytes(asked, msgspec.msgpack.encode(repetition))
    run = repetition.run
    world = ["--world"] if way.world else []
    group = ProcessGroup(
        [python, "-P", "-m", "trimtab.app.repetition", str(asked), str(answer), *world],
        folder=Path(repetition.folder),
        environment=_surroundings(run, run.environment, way),
    )
    try:
        group.finish(None)
    except BaseException:
        group.end()
        raise
    if not answer.is_file():
        how = f"signal {-group.code}" if group.code < 0 else f"code {group.code}"
        raise RepetitionError(f"the process that ran {run.run_id} again ended with {how}", fix=f"It said: {group.said}")
    content = answer.read_bytes()
    if content.startswith(_PROBLEM):
        raise error_of(msgspec.json.decode(content[len(_PROBLEM) :], type=Problem))
    return decode(Run, content, at="the repetition")


def _surroundings(run: Run, environment: Environment | None, way: Way) -> dict[str, str]:
    """This process's variables, with those of the record over them: threads, hash order, what the steps read. One that
    was not set then is not set again."""
    here = {name: value for name, value in os.environ.items() if not name.startswith(("TRIMTAB_", "PYTHON"))}
    recorded = _variables(run)
    from_here = [*_FOUND_BY, *(name for name, value in recorded.items() if _is_digest(value))]
    here |= {name: os.environ[name] for name in from_here if name in os.environ}
    if environment is not None:
        here |= environment.thread_limits
        if environment.hash_seed:
            here["PYTHONHASHSEED"] = environment.hash_seed
        if environment.locale:
            here["LC_ALL"] = environment.locale.partition(",")[0]
    if way.hash_seed is not None:
        here["PYTHONHASHSEED"] = way.hash_seed
    here |= {name: value for name, value in recorded.items() if value is not None and not _is_digest(value)}
    return {name: value for name, value in here.items() if recorded.get(name, value) is not None}


def encode_problem(error: TrimtabError) -> bytes:
    """What kept a run from being begun again, as the repeating process leaves it."""
    return _PROBLEM + msgspec.json.encode(problem_of(error))


def answer_of(run: Run) -> bytes:
    """The repetition's record as the repeating process leaves it."""
    return encode(run)
