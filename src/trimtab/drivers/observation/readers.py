"""The ways by which libraries of native code read and write files, told by the arguments they are called with.

Such code raises no audit event. On Linux the kernel tells of what it opens below the project; these names are for data
elsewhere, and for other systems. What a library reads by a name that is not here is seen by the kernel alone.
Rejected: DuckDB's ``sql``, ``query`` and ``execute``. They look for tables among the names of the frame that calls
them, and would find ours.
"""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any, Final

from trimtab.drivers.observation.hook import guarded
from trimtab.drivers.observation.ledger import Watch
from trimtab.drivers.observation.path_rules import absolute, as_text
from trimtab.drivers.observation.replaced import Replaced, noting, noting_method

_POLARS: Final = (
    "read_avro", "read_csv", "read_csv_batched", "read_delta", "read_excel", "read_ipc", "read_ipc_schema",
    "read_ipc_stream", "read_json", "read_lines", "read_ndjson", "read_ods", "read_parquet", "read_parquet_metadata",
    "read_parquet_schema", "scan_csv", "scan_delta", "scan_iceberg", "scan_ipc", "scan_lance", "scan_lines",
    "scan_ndjson", "scan_parquet",
)  # fmt: skip
_DUCKDB: Final = ("read_csv", "read_json", "read_parquet", "from_csv_auto", "from_parquet")

# module → (name, or Class.name) → (position of the path, not counting self; its name)
_READS: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "polars": dict.fromkeys(_POLARS, (0, "source")),
    "pyarrow": {"memory_map": (0, "path"), "input_stream": (0, "source")},
    "pyarrow.csv": {"read_csv": (0, "input_file"), "open_csv": (0, "input_file")},
    "pyarrow.dataset": {"dataset": (0, "source"), "parquet_dataset": (0, "metadata_path")},
    "pyarrow.feather": {"read_feather": (0, "source"), "read_table": (0, "source")},
    "pyarrow.json": {"read_json": (0, "input_file"), "open_json": (0, "input_file")},
    "pyarrow.orc": {"ORCFile.__init__": (0, "source"), "read_table": (0, "source")},
    "pyarrow.parquet": {
        "ParquetDataset.__init__": (0, "path_or_paths"), "ParquetFile.__init__": (0, "source"),
        "read_metadata": (0, "where"), "read_pandas": (0, "source"), "read_schema": (0, "where"),
        "read_table": (0, "source"),
    },
    "lightgbm": {"Dataset.__init__": (0, "data"), "Booster.__init__": (2, "model_file")},
    "xgboost": {
        "DMatrix.__init__": (0, "data"), "Booster.__init__": (2, "model_file"), "Booster.load_model": (0, "fname"),
    },
    "h5py": {"File.__init__": (0, "name")},
    "duckdb": {
        **dict.fromkeys(_DUCKDB, (0, "path_or_buffer")), "connect": (0, "database"),
        **{f"DuckDBPyConnection.{name}": (0, "path_or_buffer") for name in _DUCKDB},
    },
}  # fmt: skip
_WRITES: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "polars": {
        **{f"DataFrame.write_{kind}": (0, "file") for kind in ("avro", "csv", "ipc", "json", "ndjson", "parquet")},
        **{f"LazyFrame.sink_{kind}": (0, "path") for kind in ("csv", "ipc", "ndjson", "parquet")},
    },
    "pyarrow.csv": {"write_csv": (1, "output_file")},
    "pyarrow.feather": {"write_feather": (1, "dest")},
    "pyarrow.parquet": {"ParquetWriter.__init__": (0, "where"), "write_table": (1, "where")},
    "lightgbm": {"Booster.save_model": (0, "filename")},
    "xgboost": {"Booster.save_model": (0, "fname")},
}
_CONNECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "psycopg": ("connect",),
    "psycopg2": ("connect",),
    "polars": ("read_database_uri",),
}

MODULES: Final = frozenset({*_READS, *_WRITES, *_CONNECTS})

_MAGIC: Final = re.compile(r"[*?\[]")


def replace_readers(module: str, replaced: Replaced) -> None:
    """Puts what tells in the place of a loaded module's readers."""
    for name, place in _READS.get(module, {}).items():
        _replace(module, name, replaced, _reads(place, is_method="." in name))
    for name, place in _WRITES.get(module, {}).items():
        _replace(module, name, replaced, _writes(place, is_method="." in name))
    for name in _CONNECTS.get(module, ()):
        _replace(module, name, replaced, _connects(module))


_Look = Callable[[Watch, tuple[Any, ...], dict[str, Any], FrameType], None]


def _replace(module: str, name: str, replaced: Replaced, look: _Look) -> None:
    owner: Any = sys.modules[module]
    kind, _, attribute = name.rpartition(".")
    if kind:
        owner = vars(owner).get(kind)
        if not isinstance(owner, type):
            return

    def before(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        frame = sys._getframe(2)
        guarded(lambda watch: look(watch, arguments, named, frame))

    if kind:
        replaced.replace(owner, attribute, lambda original: noting_method(original, before))
    else:
        replaced.replace(owner, attribute, lambda original: noting(original, module, before))


def _argument(arguments: tuple[Any, ...], named: Mapping[str, Any], place: tuple[int, str], *, is_method: bool) -> Any:
    position = place[0] + is_method
    return arguments[position] if position < len(arguments) else named.get(place[1])


def _reads(place: tuple[int, str], *, is_method: bool) -> _Look:
    def look(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> None:
        elsewhere = named.get("filesystem")
        if elsewhere is not None and type(elsewhere).__name__ != "LocalFileSystem" and elsewhere != "local":
            watch.sighted("network", f"reads through {type(elsewhere).__name__}", frame)
            return
        given = _argument(arguments, named, place, is_method=is_method)
        for path in _local(given, watch, frame):
            watch.opened(path, frame, reading=True, writing=False)

    return look


def _writes(place: tuple[int, str], *, is_method: bool) -> _Look:
    def look(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> None:
        text = as_text(_argument(arguments, named, place, is_method=is_method))
        if text and "://" not in text:
            watch.opened(os.path.expanduser(text), frame, reading=False, writing=True)  # noqa: PTH111 - as text

    return look


def _connects(module: str) -> _Look:
    def look(watch: Watch, _arguments: tuple[Any, ...], _named: dict[str, Any], frame: FrameType) -> None:
        watch.sighted("network", f"connects to a database through {module}", frame)

    return look


def _local(given: Any, watch: Watch, frame: FrameType) -> Iterator[str]:
    """The files that an argument means; folders that are listed to find them are told, and so are other hosts."""
    if isinstance(given, list | tuple | set):
        for each in given:
            yield from _local(each, watch, frame)
        return
    text = as_text(given)
    if text is None or text == ":memory:":
        return
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    elif "://" in text:
        watch.sighted("network", f"reads {text.partition('://')[0]}://…", frame)
        return
    text = os.path.expanduser(text.partition("?format=")[0])  # noqa: PTH111 - as text; XGBoost names formats so
    if os.path.isdir(text):  # noqa: PTH112
        yield from _below(text, watch, frame)
    elif _MAGIC.search(text) and not os.path.exists(text):  # noqa: PTH110
        yield from _matching(text, watch, frame)
    else:
        yield text


def _below(folder: str, watch: Watch, frame: FrameType) -> Iterator[str]:
    for place, _, names in os.walk(folder, followlinks=True):
        watch.lists(place, frame)
        yield from (f"{place}/{name}" for name in names)


def _matching(pattern: str, watch: Watch, frame: FrameType) -> Iterator[str]:
    parts = absolute(pattern).split("/")
    for count, part in enumerate(parts):
        if _MAGIC.search(part):
            for folder in glob.glob("/".join(parts[:count]) or "/", recursive=True):  # noqa: PTH207
                if os.path.isdir(folder):  # noqa: PTH112
                    watch.lists(folder, frame)
    for found in glob.glob(pattern, recursive=True):  # noqa: PTH207
        if os.path.isdir(found):  # noqa: PTH112
            yield from _below(found, watch, frame)
        else:
            yield found
