"""The profile of many files, each profiled by a task of a Ray cluster, merged here: `trimtab[ray]`.

Nothing of the mathematics is new: profiles merge, so where their parts were made does not matter. A task reads one file
and gives back some hundred kilobytes. A task whose node dies is run again by Ray on another one; it has no effect but
its result, so nothing is lost or counted twice. Merged in the files' order, the profile is that of a single machine.

The files must be at the same path on every node: a shared file system, or paths that Polars reads from a store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trimtab.base.errors import DriverError, InputError
from trimtab.data.profile import Profile, merge_all
from trimtab.data.profiler import Depth, Profiler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trimtab.data.scan import Scan

_RETRIES: Final = 10
"""How often Ray runs a task again whose node died."""


class RayError(DriverError):
    """The Ray cluster could not be reached, or a task failed on it."""

    code = "TT1374"


class NoRayError(InputError):
    """Ray is asked for and not installed."""

    code = "TT1376"


def profile_files(
    files: Sequence[str],
    open_file: Callable[[str], Scan],
    depth: Depth,
    *,
    address: str | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Profile:
    """The profile of all files' rows, each file profiled by a task of its own.

    Args:
        files: paths, in the order in which their rows follow each other; at least one.
        open_file: opens one of them; runs on the cluster's nodes, which must have it installed.
        address: the cluster's; None uses the one of ``RAY_ADDRESS``, else one on this machine for as long as it takes.
        done: told how many files are done, and how many there are.

    Raises:
        NoRayError: Ray is not installed.
        RayError: the cluster is not there, or went away for good.
        InputError: a file cannot be read, or the files are not of the same columns.
    """
    ray = _library()
    with _connected(ray, address):
        remote = ray.remote(max_retries=_RETRIES, num_cpus=1)(_profile_one)
        waiting = {remote.remote(path, open_file, depth): place for place, path in enumerate(files)}
        found: dict[int, Profile] = {}
        while waiting:
            finished, _ = ray.wait(list(waiting), num_returns=1)
            for task in finished:
                place = waiting.pop(task)
                found[place] = _result(ray, task, files[place])
            if done is not None:
                done(len(found), len(files))
    return merge_all([found[place] for place in range(len(files))])


def _profile_one(path: str, open_file: Callable[[str], Scan], depth: Depth) -> bytes:
    """One file's profile, in its stored form; what is wrong with the file comes back as the error that it is."""
    scan = open_file(path)
    profiler = Profiler(scan.schema, depth)
    for batch in scan.batches():
        profiler.add(batch)
    return msgspec.msgpack.encode(profiler.profile())


def _result(ray: Any, task: Any, path: str) -> Profile:
    try:
        return msgspec.msgpack.decode(ray.get(task), type=Profile)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, InputError):
            raise cause from error
        raise RayError(f"{path} could not be profiled: {cause}", fix="See to that file, and run it again.") from error
    except ray.exceptions.RayError as error:
        reason = str(error).splitlines()[0]
        fix = "See to the cluster (`ray status`), and run it again: nothing was changed."
        raise RayError(f"the cluster lost the task of {path}: {reason}", fix=fix) from error


def _library() -> Any:
    try:
        import ray
    except ImportError as error:
        raise NoRayError("Ray is not installed", fix="Install it: pip install 'trimtab[ray]'.") from error
    return ray


@contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    """A connection to the cluster; one that was there before stays open."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", include_dashboard=False)
    except (ConnectionError, ray.exceptions.RayError, RuntimeError, ValueError) as error:
        where = address or "this machine"
        raise RayError(f"there is no Ray cluster at {where}", fix="Start it, or name its address.") from error
    try:
        yield
    finally:
        ray.shutdown()
