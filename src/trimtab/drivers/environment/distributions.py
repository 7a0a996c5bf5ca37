# Paths are texts here: a run looks at a thousand of them, and a Path costs ten times as much.
# ruff: noqa: PTH112, PTH113, PTH118, PTH120, PTH208
"""One installed distribution, read from its folder of metadata (``….dist-info``, ``….egg-info``).

Read by hand and not by `importlib.metadata`, whose parser of mail headers alone takes longer than all of this. What
the markers of its requirements say here is worked out once, and kept.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.digest import Digest
from trimtab.drivers.environment.source_files import Stamp, is_settled, stamp_of

ACCELERATORS: Final = frozenset({
    "bottleneck", "daal4py", "fastparquet", "intel-extension-for-scikit-learn", "numba", "numexpr", "pyarrow",
    "scikit-learn-intelex",
})  # fmt: skip
"""Optional packages that others compute with where they find them, so that their presence can move a result."""

INFOS: Final = (".dist-info", ".egg-info")
SUFFIXES: Final = (".py", ".so", ".pyd")

_FIRST: Final = re.compile(rb'^"?([^/,"\n]+)(/|,)', re.MULTILINE)
_MAPPING: Final = re.compile(r"^MAPPING(?:\s*:[^=]+)?\s*=\s*(\{.*?\})", re.MULTILINE | re.DOTALL)


class Found(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """An installed distribution, as its metadata have it.

    Attributes:
        folder: its folder of metadata.
        support: what else it was read from: an editable install's pointers, and the working folders that they name.
        stamps: of the files `watched` and of the support; unsettled ones are read again next time.
        name, version: the name normalised.
        needs: extra (or ``""``) → the (name, extra) pairs that it requires here.
        accelerators: those packages of `ACCELERATORS` that it names as optional.
        modules: the top-level modules that it provides.
        sources: where its files are not listed by an installer, what they are: files and folders. For an editable
            install those of the working folder.
        project: the working folder that an editable install imports from; empty for every other.
        record: the digest of its RECORD, once somebody asked for it.
    """

    folder: str
    support: tuple[str, ...]
    stamps: tuple[Stamp | None, ...]
    settled: bool
    name: str
    version: str
    needs: dict[str, tuple[tuple[str, str], ...]]
    accelerators: tuple[str, ...]
    modules: tuple[str, ...]
    sources: tuple[str, ...] = ()
    project: str = ""
    record: Digest | None = None


def watched(folder: str) -> tuple[str, ...]:
    """The files of a folder of metadata whose change is a change of the distribution."""
    if not folder.endswith(".dist-info"):
        return (folder, f"{folder}/PKG-INFO", f"{folder}/top_level.txt")
    # the folder's own times change when direct_url.json comes or goes
    return (folder, f"{folder}/METADATA", f"{folder}/RECORD")


def read_distribution(folder: str, variables: Mapping[str, str], *, now: int) -> Found | None:
    """What a folder of metadata says; None for a broken one, which has no name: the import system has no use for it."""
    from trimtab.release.requirements import normalised

    stamps = [stamp_of(path) for path in watched(folder)]
    name, version, requirements = _metadata(folder)
    if not name:
        return None
    record = _bytes(f"{folder}/RECORD")
    url = _editable_url(_bytes(f"{folder}/direct_url.json"))
    sources: dict[str, str] = {}
    support: list[str] = []
    if url is not None:
        sources, support = _editable(folder, record, url)
        support.append(f"{folder}/direct_url.json")
        stamps += [stamp_of(path) for path in support]
        modules = tuple(sorted(sources))
    elif record:
        modules = _recorded_modules(record)
    else:
        sources = _unrecorded(folder, name)
        modules = tuple(sorted(sources))
    needs, accelerators = _needs(requirements, variables)
    return Found(
        folder=folder,
        support=tuple(support),
        stamps=tuple(stamps),
        settled=all(stamp is None or is_settled(stamp, now=now) for stamp in stamps),
        name=normalised(name),
        version=version,
        needs=needs,
        accelerators=accelerators,
        modules=modules,
        sources=tuple(sorted(set(sources.values()))),
        project=url or "",
    )


def requirement_lines(folder: str) -> list[str]:
    """The requirements of a distribution as its metadata write them."""
    return _metadata(folder)[2]


def modules_of(folder: str) -> dict[str, str]:
    """What can be imported from a folder on the import path: module → its file or folder."""
    found = {}
    for name in _listed(folder):
        path = f"{folder}/{name}"
        stem, dot, _ = name.partition(".")
        if dot and name.endswith(SUFFIXES) and stem.isidentifier():
            found[stem] = path
        elif not dot and name.isidentifier() and _has_code(path):
            found[name] = path
    return found


def _metadata(folder: str) -> tuple[str, str, list[str]]:
    """Name, version and requirements: the header lines of METADATA."""
    file = (
        folder if os.path.isfile(folder) else f"{folder}/{'METADATA' if folder.endswith('.dist-info') else 'PKG-INFO'}"
    )
    name, version, requirements = "", "", []
    for line in _bytes(file).decode("utf-8", "replace").splitlines():
        if not line:
            break
        if line.startswith("Requires-Dist:"):
            requirements.append(line[14:].strip())
        elif line.startswith("Name:"):
            name = line[5:].strip()
        elif line.startswith("Version:"):
            version = line[8:].strip()
    if folder.endswith(".egg-info") and os.path.isdir(folder):
        requirements += _egg_requirements(_bytes(f"{folder}/requires.txt").decode("utf-8", "replace"))
    return name, version, requirements


def _egg_requirements(text: str) -> list[str]:
    """The unconditional part of an egg's ``requires.txt``."""
    lines = [line.strip() for line in text.partition("[")[0].splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _needs(
    requirements: Iterable[str], variables: Mapping[str, str]
) -> tuple[dict[str, tuple[tuple[str, str], ...]], tuple[str, ...]]:
    from trimtab.base.errors import InputError
    from trimtab.release.requirements import holds, parse_requirement

    needs: dict[str, list[tuple[str, str]]] = {}
    accelerators = set()
    for line in requirements:
        try:
            needed = parse_requirement(line)
            extras = {"", *re.findall(r"""extra\s*==\s*['"]([^'"]+)['"]""", needed.marker)}
            asked = [extra for extra in extras if holds(needed.marker, {**variables, "extra": extra})]
        except InputError:
            continue  # a line that no installer could follow either
        if needed.name in ACCELERATORS:
            accelerators.add(needed.name)
        for extra in [""] if "" in asked else asked:
            needs.setdefault(_plain(extra), []).extend((needed.name, name) for name in ("", *needed.extras))
    return {extra: tuple(pairs) for extra, pairs in needs.items()}, tuple(sorted(accelerators))


def _plain(extra: str) -> str:
    return re.sub(r"[-_.]+", "-", extra).lower()


def _recorded_modules(record: bytes) -> tuple[str, ...]:
    found = set()
    for first, slash in set(_FIRST.findall(record)):
        name = first.decode("utf-8", "replace")
        stem, dot, _ = name.partition(".")
        if slash == b"/" and not dot and name.isidentifier() and name != "__pycache__":
            found.add(name)
        elif slash == b"," and name.endswith(SUFFIXES) and stem.isidentifier():
            found.add(stem)
    return tuple(sorted(found))


def _unrecorded(folder: str, name: str) -> dict[str, str]:
    """The modules of an install without a list of files: what it says of itself, else what is called like it."""
    said = _bytes(f"{folder}/top_level.txt").decode("utf-8", "replace").split()
    there = modules_of(os.path.dirname(folder))
    wanted = said or [name.replace("-", "_"), name.replace("-", "_").lower()]
    return {module: there[module] for module in wanted if module in there}


def _editable_url(direct_url: bytes) -> str | None:
    """The folder of an editable install; None for every other."""
    if not direct_url:
        return None
    try:
        said = msgspec.json.decode(direct_url)
        editable = said.get("dir_info", {}).get("editable", False)
        url = str(said.get("url", ""))
    except (msgspec.DecodeError, AttributeError):
        return None
    if not editable or not url.startswith("file://"):
        return None
    from urllib.parse import unquote

    return unquote(url.removeprefix("file://")).rstrip("/")


def _editable(folder: str, record: bytes, url: str) -> tuple[dict[str, str], list[str]]:
    """The modules of an editable install with their files, and what else has to stay as it is for that to hold."""
    site = os.path.dirname(folder)
    names = [row.split(",")[0].strip('"') for row in record.decode("utf-8", "replace").splitlines()]
    sources: dict[str, str] = {}
    support: list[str] = []
    for name in names:
        path = f"{site}/{name}"
        if name.endswith(".pth") and "/" not in name:
            support.append(path)
            for line in _bytes(path).decode("utf-8", "replace").splitlines():
                root = os.path.join(site, line.strip())
                if line.strip() and not line.startswith(("import ", "import\t", "#")) and os.path.isdir(root):
                    support.append(root)
                    sources |= modules_of(root)
        elif name.startswith("__editable__") and name.endswith(".py"):
            support.append(path)
            sources |= _mapped(_bytes(path).decode("utf-8", "replace"))
    if not sources:  # a hook of another build tool: all that its folder has
        root = f"{url}/src" if os.path.isdir(f"{url}/src") else url
        support.append(root)
        sources = modules_of(root)
    return sources, support


def _mapped(finder: str) -> dict[str, str]:
    """Module → folder or file, of the finder that setuptools writes for an editable install."""
    import ast

    found = _MAPPING.search(finder)
    if found is None:
        return {}
    try:
        mapping = ast.literal_eval(found[1])
    except (ValueError, SyntaxError):
        return {}
    sources = {}
    for module, path in mapping.items():
        place = path if os.path.isdir(path) or os.path.isfile(path) else f"{path}.py"
        sources[str(module).partition(".")[0]] = str(place)
    return sources


def _has_code(path: str) -> bool:
    """Whether a folder can be imported: a package, or a namespace with code somewhere below."""
    names = _listed(path)
    if any(name.endswith(SUFFIXES) for name in names):
        return True
    return any(os.path.isfile(f"{path}/{name}/__init__.py") for name in names if name.isidentifier())


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def is_standard(module: str) -> bool:
    """Whether a module is of the interpreter itself."""
    return module in sys.stdlib_module_names or module in sys.builtin_module_names
