"""The profile of many files, each profiled by a task of a Ray cluster, merged here: `trimtab[ray]`.

Nothing of the mathematics is new: profiles merge, so where their parts were made does not matter. A task reads one file
and gives back some hundred kilobytes. A task whose node dies is run again by Ray on another one; it has no effect but
its result, so nothing is lost or counted twice. Neighbours are merged in a fixed tree as they come in, so the result
does not depend on which file was first, and memory here grows with the logarithm of their number.

On one machine all files are read with types wide enough for all. A task knows its own file only, so it reads it with
that file's types; where those turn out too narrow, the file is profiled again with the wide ones. Looking at all files
first was rejected: the types of a CSV file are known after a pass over it, so every one would be read once more.

Few tasks are given to Ray at a time, since what it has cannot be taken back: `ray.cancel` at the wrong moment ends this
process ("Tried to complete task that was not pending", seen with Ray 2.60; ray-project/ray#54798 is of the same race).
After an error, a connection that stays works on at those few, for nothing; one that was made here is closed, which ends
them.

Ray ends the process of a driver whose cluster has been silent for 60 seconds, and calls to it hang until then. So its
port is tried first, and silence is told as an error in time.

The files must be at the same path on every node, and Trimtab installed there.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

from trimtab.base.errors import DriverError, InputError, TrimtabError
from trimtab.data.profile import Profile, merge, merge_all
from trimtab.data.profiler import Depth, Profiler
from trimtab.data.scan import pieces_of

if TYPE_CHECKING:
    import polars as pl

    from trimtab.data.scan import Scan

T = TypeVar("T")
Done = Callable[[int, int], None]

_RETRIES: Final = 10
"""How often Ray runs a task again whose node or process died; one that raises is not run again."""
_IN_FLIGHT: Final = 2
"""Tasks for each processor that are given to Ray at a time: one to work at, and one to go on with."""
_LEAST_IN_FLIGHT: Final = 4
"""For a cluster that grows when something waits."""
_LOOK_S: Final = 1.0
_PROBE_S: Final = 5.0
_SILENCE_S: Final = 25.0
"""A head may start again within; Ray ends this process after 60 seconds of silence."""
_NO_NODE_S: Final = 120.0
"""A cluster may grow a node within, where none has a processor."""
_FIX: Final = "See to the cluster (`ray status`), and run it again: nothing was changed."


class RayError(DriverError):
    """The Ray cluster could not be reached, or a task failed on it."""

    code = "TT1374"


class NoRayError(InputError):
    """Ray is asked for and not installed."""

    code = "TT1376"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The types of a file's columns by itself.

    Attributes:
        own: the types.
        delimited: whether they are those of texts, as in a CSV file.
        beside_gaps: the types of the values that are no words for a gap, in such a file.
        gap_words: such words, by column.
        decimal: how such a file writes fractions.
    """

    own: pl.Schema
    delimited: bool
    beside_gaps: pl.Schema
    gap_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decimal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """One of the files, to be read with its own types or with those that were asked for."""

    scan: Scan
    kind: Kind
    notes: tuple[str, ...] = ()


class Reader(Protocol):
    """Opens the files of one table."""

    def open(self, path: str, schema: pl.Schema | None) -> OpenedFile:
        """One of them, on a node: to be read with its own types, or with these.

        Raises:
            InputError: it cannot be read.
        """
        ...

    def together(self, kinds: Sequence[tuple[str, Kind]]) -> pl.Schema:
        """The types with which all are to be read, from the path and the kind of each.

        Raises:
            InputError: they do not go together.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to bear with a cluster: seconds without an answer, and seconds without a node that could work."""

    silence_s: float = _SILENCE_S
    no_node_s: float = _NO_NODE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesProfile:
    """The profile of all rows, and what the files' reader noticed, with their names."""

    profile: Profile
    notes: tuple[str, ...]


def profile_files(
    files: Sequence[str],
    reader: Reader,
    depth: Depth,
    *,
    address: str | None = None,
    done: Done | None = None,
    patience: Patience | None = None,
) -> FilesProfile:
    """The profile of all files' rows, each file profiled by a task of its own.

    Args:
        files: paths, in the order in which their rows follow each other; at least one.
        reader: opens one of them, on the cluster's nodes, which must have its code installed.
        depth: what the profile holds; each file has its time column.
        address: the cluster's, ``host:port``; None: that of ``RAY_ADDRESS``, else a cluster on this machine for as long
            as it takes. A connection that is there already is used as it is, and stays.
        done: told how many files are done, and how many there are to do.
        patience: how long to bear with a cluster that does not answer.

    Raises:
        NoRayError: Ray is not installed.
        RayError: the cluster is not there, or went away for good.
        InputError: a file cannot be read, or the files are not of the same columns.
    """
    where = address or os.environ.get("RAY_ADDRESS") or "local"
    ray = _library(where)
    with _connected(ray, where):
        work = _Work(ray=ray, files=files, reader=reader, depth=depth, health=Health(ray, patience or Patience()))
        return work.run(done or (lambda _files, _of: None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a task gives back: the types that its file was read with, and its profile in its stored form."""

    kind: Kind
    used: pl.Schema
    notes: tuple[str, ...]
    profile: bytes


def _profile_one(path: str, reader: Reader, depth: Depth, schema: pl.Schema | None) -> _Told:
    """One file's profile; what is wrong with the file is raised as the error that it is."""
    file = reader.open(path, schema)
    profiler = Profiler(file.scan.schema, depth)
    for pieces in pieces_of(file.scan):
        profiler.add_pieces(pieces)
    stored = msgspec.msgpack.encode(profiler.profile())
    return _Told(kind=file.kind, used=file.scan.schema, notes=file.notes, profile=stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Neighbouring files that were read with the same types, and the profile of their rows."""

    first: int
    files: int
    schema: pl.Schema
    profile: Profile


class Blocks:
    """Profiles of files that come in any order, merged in one that does not depend on it.

    A block of 2ⁿ files begins at a multiple of 2ⁿ and is merged with the one beside it as soon as both are there.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, Block] = {}

    def add(self, place: int, schema: pl.Schema, profile: Profile) -> None:
        """Take in the profile of the file in this place."""
        block = Block(first=place, files=1, schema=schema, profile=profile)
        while (other := self._blocks.get(block.first ^ block.files)) is not None and _fit(block, other):
            del self._blocks[other.first]
            left, right = sorted((block, other), key=lambda one: one.first)
            profile = merge(left.profile, right.profile)
            block = Block(first=left.first, files=2 * block.files, schema=schema, profile=profile)
        self._blocks[block.first] = block

    def without(self, schema: pl.Schema) -> list[int]:
        """The places of files that were read with other types, which are taken out."""
        others = [block for block in self._blocks.values() if block.schema != schema]
        for block in others:
            del self._blocks[block.first]
        return sorted(place for block in others for place in range(block.first, block.first + block.files))

    def profile(self) -> Profile:
        """The profile of all files' rows."""
        return merge_all(self._blocks[first].profile for first in sorted(self._blocks))


def _fit(one: Block, other: Block) -> bool:
    return one.files == other.files and one.schema == other.schema


@dataclass(slots=True, kw_only=True)
class _Work:
    """The tasks of one profile, and what came back so far."""

    ray: Any
    files: Sequence[str]
    reader: Reader
    depth: Depth
    health: Health
    blocks: Blocks = field(default_factory=Blocks)
    kinds: dict[int, Kind] = field(default_factory=dict)
    notes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def run(self, done: Done) -> FilesProfile:
        """All files, and once more those whose types were too narrow."""
        count = len(self.files)
        self._pass(range(count), None, lambda files: done(files, count))
        schema = self.reader.together([(path, self.kinds[place]) for place, path in enumerate(self.files)])
        again = self.blocks.without(schema)
        if again:
            self._pass(again, schema, lambda files: done(count + files, count + len(again)))
        several = count > 1
        notes = tuple(
            f"{self.files[place]}: {note}" if several else note for place in range(count) for note in self.notes[place]
        )
        return FilesProfile(profile=self.blocks.profile(), notes=notes)

    def _pass(self, places: Sequence[int], schema: pl.Schema | None, done: Callable[[int], None]) -> None:
        options = {"max_retries": _RETRIES, "retry_exceptions": False, "num_cpus": 1, "name": "trimtab.profile"}
        task = self.ray.remote(**options)(_profile_one)
        todo, waiting, finished = list(reversed(places)), dict[Any, int](), 0
        while todo or waiting:
            while todo and len(waiting) < self.health.at_once:
                place = todo.pop()
                waiting[task.remote(self.files[place], self.reader, self.depth, schema)] = place
            ready, _ = self.ray.wait(list(waiting), num_returns=1, timeout=_LOOK_S)
            self.health.look(busy=bool(ready))
            for one in ready:
                self._take(waiting[one], self._result(one, self.files[waiting[one]]))
                del waiting[one]
                finished += 1
                done(finished)

    def _take(self, place: int, told: _Told) -> None:
        self.kinds[place], self.notes[place] = told.kind, told.notes
        try:
            profile = msgspec.msgpack.decode(told.profile, type=Profile)
        except msgspec.ValidationError as error:
            fix = "Install the same version of Trimtab on every node."
            raise RayError(f"a node's profile cannot be read here: {error}", fix=fix) from error
        self.blocks.add(place, told.used, profile)

    def _result(self, task: Any, path: str) -> _Told:
        exceptions = self.ray.exceptions
        try:
            told: _Told = self.ray.get(task)
        except exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, TrimtabError):
                raise cause from None  # its text has the file's name; where it ran on the cluster helps nobody
            problem = f"{path} could not be profiled: {type(cause).__name__}: {_first_line(cause)}"
            raise RayError(problem, fix="See to that file and to what is installed on the nodes.") from error
        except exceptions.RayError as error:
            raise RayError(f"the cluster lost the task of {path}: {_first_line(error)}", fix=_FIX) from error
        return told


class Health:
    """Tells a cluster that is gone, or has no node left, from one that takes its time; ``at_once`` tasks are for it."""

    def __init__(self, ray: Any, patience: Patience) -> None:
        self._ray = ray
        self._patience = patience
        self._address = str(ray.get_runtime_context().gcs_address)
        self._answered = self._workable = time.monotonic()
        self._looked = float("-inf")
        self.at_once = _LEAST_IN_FLIGHT

    def look(self, *, busy: bool) -> None:
        """Raise `RayError` if the cluster has been of no use for too long; ``busy`` says that a task has just ended."""
        now = time.monotonic()
        if busy:
            self._workable = now
        if now - self._looked < _LOOK_S:
            return
        self._looked = now
        # A head that is gone is noticed also while tasks end: nodes work on without it, and Ray's 60 seconds run.
        if _answers(self._address) and (nodes := _within(_PROBE_S, self._ray.nodes)) is not None:
            self._answered = now
            processors = sum(int(node["Resources"].get("CPU", 0)) for node in nodes if node["Alive"])
            self.at_once = max(_LEAST_IN_FLIGHT, _IN_FLIGHT * processors)
            if processors:
                self._workable = now
        if now - self._answered > self._patience.silence_s:
            raise RayError(f"the Ray cluster at {self._address} no longer answers", fix=_FIX)
        if now - self._workable > self._patience.no_node_s:
            raise RayError(f"the Ray cluster at {self._address} has no node with a processor left", fix=_FIX)


def _answers(address: str) -> bool:
    """Whether something listens there; Ray's own attempts hang for minutes."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_PROBE_S):
            return True
    except (OSError, ValueError, OverflowError):
        return False


def _within(seconds: float, work: Callable[[], T]) -> T | None:
    """What a call gives that may hang; None if it fails, or takes longer."""
    found: list[T] = []

    def run() -> None:
        with suppress(Exception):  # the edge of a thread: no answer, whatever the reason
            found.append(work())

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), "")


def _library(where: str) -> Any:
    """The library. What stays on this machine is kept there, which Ray only heeds before its first import."""
    host = where.rpartition(":")[0].strip("[]")
    if "ray" not in sys.modules and (where == "local" or host in ("localhost", "127.0.0.1", "::1")):
        # By default Ray listens to the network, also for a cluster of one; this name is the only switch against it.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    if where == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise NoRayError("Ray is not installed", fix="Install it: pip install 'trimtab[ray]'.") from error
    return ray


@contextmanager
def _connected(ray: Any, where: str) -> Iterator[None]:
    """A connection to the cluster; one that was there before stays open."""
    if ray.is_initialized():
        yield
        return
    if where.startswith("ray://"):
        fix = "Run the command on a node of the cluster, with the address of its head: --address host:6379."
        raise RayError(f"{where} is an address of the Ray Client, which is not used here", fix=fix)
    if where not in ("local", "auto") and not _answers(where):
        raise RayError(f"there is no Ray cluster at {where}", fix="Start it, or name its address as host:port.")
    try:
        ray.init(address=where, log_to_driver=False, logging_level="error", include_dashboard=False)
    except (ConnectionError, ray.exceptions.RayError, RuntimeError, ValueError) as error:
        problem = f"no connection to a Ray cluster ({where}): {_first_line(error)}"
        raise RayError(problem, fix="Run this on a node of the cluster, with Ray's version there.") from error
    try:
        yield
    finally:
        ray.shutdown()
