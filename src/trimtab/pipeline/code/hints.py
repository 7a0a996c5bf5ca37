"""What code reads beside its inputs, as far as its text shows: clock, chance, variables, files, network, processes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from trimtab.pipeline.code.module import ModuleCode, Statement, chain_of
from trimtab.pipeline.code.values import Hint, HintKind

_CLOCK: Final = frozenset({
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.strftime", "time.asctime",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "pandas.Timestamp.now", "pandas.Timestamp.today", "pandas.Timestamp.utcnow", "pandas.to_datetime.now",
})  # fmt: skip
_CHANCE: Final = ("random.", "numpy.random.", "secrets.", "uuid.uuid1", "uuid.uuid4", "os.urandom")
_OWN_GENERATORS: Final = frozenset({
    "random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.Generator",
    "numpy.random.PCG64", "numpy.random.SeedSequence", "numpy.random.seed", "random.seed", "numpy.random.MT19937",
    "numpy.random.Philox",
})  # fmt: skip
"""Generators with a seed of their own, if they are given one."""
_SEEDING: Final = frozenset({"random.seed", "numpy.random.seed"})
_NETWORK: Final = (
    "socket.",
    "requests.",
    "urllib.request.",
    "httpx.",
    "http.client.",
    "aiohttp.",
    "ftplib.",
    "smtplib.",
)
_PROCESS: Final = ("subprocess.", "os.system", "os.popen", "os.exec", "os.spawn", "os.posix_spawn", "multiprocessing.")
_HARMLESS: Final = frozenset({"subprocess.PIPE", "subprocess.CalledProcessError", "subprocess.DEVNULL"})
_READERS: Final = ("open", "read_", "scan_", "load", "Path", "loadtxt", "genfromtxt", "fromfile")
_DISPATCH: Final = frozenset({"globals", "locals", "vars", "eval", "exec", "compile", "__import__"})
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Lost:
    """Dispatch that cannot be followed; ``everything`` where any module of the project may be meant."""

    what: str
    at: str
    everything: bool


def hints_in(statement: Statement, code: ModuleCode) -> Iterator[Hint]:
    """What a statement reads, by the names that its module imports them under."""
    for node in ast.walk(statement.node):
        at = f"{statement.path}:{getattr(node, 'lineno', statement.node.lineno)}"
        if isinstance(node, ast.Call):
            yield from _call(node, code, statement, at)
        elif isinstance(node, ast.Subscript) and _full(node.value, code, statement) == "os.environ":
            yield _variable(node.slice, node, at)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield from _reference(node, code, statement, at)


def dispatch_in(statement: Statement) -> Iterator[Lost]:
    """Calls that choose what they call, or look up, while they run."""
    names = {chain[0] for chain in statement.uses}
    for node in ast.walk(statement.node):
        if not isinstance(node, ast.Call):
            if isinstance(node, ast.Attribute) and chain_of(node) in (("sys", "modules"), ("inspect", "getmembers")):
                yield Lost(ast.unparse(node), f"{statement.path}:{node.lineno}", everything=True)
            continue
        at = f"{statement.path}:{node.lineno}"
        name = ast.unparse(node.func)
        text = _short(node)
        if name in ("getattr", "setattr", "delattr") and name in names and len(node.args) > 1:
            if not isinstance(node.args[1], ast.Constant):
                yield Lost(text, at, everything=False)
        elif name in _DISPATCH and name in names:
            yield Lost(text, at, everything=name == "__import__")
        elif (
            name.endswith("import_module") and not (node.args and isinstance(node.args[0], ast.Constant))
        ) or name.endswith(("__subclasses__", "attrgetter", "methodcaller")):
            yield Lost(text, at, everything=True)


def _call(node: ast.Call, code: ModuleCode, statement: Statement, at: str) -> Iterator[Hint]:
    full = _full(node.func, code, statement)
    if full in ("os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault") and node.args:
        yield _variable(node.args[0], node, at)
    elif full in _OWN_GENERATORS and full not in _SEEDING and not node.args and not node.keywords:
        yield Hint(kind=HintKind.CHANCE, what=f"{full}() without a seed", at=at)
    elif full.endswith("import_module") and node.args and isinstance(node.args[0], ast.Constant):
        return
    last = full.rpartition(".")[2] or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
    if last.startswith(_READERS) and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield Hint(kind=HintKind.FILE, what=_short(node), at=at, name=first.value)


def _reference(node: ast.Name | ast.Attribute, code: ModuleCode, statement: Statement, at: str) -> Iterator[Hint]:
    """A function that reads the clock counts where it is named: it may be called under another name."""
    full = _full(node, code, statement)
    if not full or full in _HARMLESS:
        return
    if full in _CLOCK:
        yield Hint(kind=HintKind.CLOCK, what=f"{full}()", at=at)
    elif full.startswith(_CHANCE) and full not in _OWN_GENERATORS and _is_function(full):
        yield Hint(kind=HintKind.CHANCE, what=f"{full}()", at=at)
    elif full.startswith(_NETWORK):
        yield Hint(kind=HintKind.NETWORK, what=f"{full}()", at=at)
    elif full.startswith(_PROCESS):
        yield Hint(kind=HintKind.PROCESS, what=f"{full}()", at=at)


def _is_function(full: str) -> bool:
    """Whether a name of a module of chance is one of its functions, and not the module or a method's result."""
    return full.count(".") == (2 if full.startswith("numpy.") else 1)


def _variable(key: ast.expr, node: ast.expr, at: str) -> Hint:
    name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
    return Hint(kind=HintKind.VARIABLE, what=_short(node), at=at, name=name)


def _full(node: ast.expr, code: ModuleCode, statement: Statement) -> str:
    """The dotted name that an expression has outside the project: ``datetime.datetime.now``; empty if it has none."""
    chain = chain_of(node)
    if chain is None:
        return ""
    if (chain[0],) not in statement.uses and chain[0] not in statement.imports:
        inner = {each.attribute or each.module.partition(".")[0]: each for each in statement.inner_imports}
        found = [inner[chain[0]]] if chain[0] in inner else []
    else:
        found = code.imports.get(chain[0], [])
    for imported in found:
        home = f"{imported.module}.{imported.attribute}" if imported.attribute else imported.module
        return ".".join((home, *chain[1:]))
    return ".".join(chain) if chain == ("open",) else ""


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
