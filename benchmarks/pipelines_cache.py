"""What runs again after a change, for Trimtab, Hamilton and DVC: ``python benchmarks/pipelines_cache.py``.

One small project, laid out for each tool as its documentation advises: steps that read a file, call a helper, take a
constant, a class, a library, a parameter, an environment variable. It is run, one thing is changed, and it is run
again. A step says on standard error that it runs, so no tool is asked what it did.

What is right is found out and not believed: after each change everything is removed that Git does not know, caches and
results, and the project is run from nothing. A step is *stale* if the tool leaves it with another value than that. It
is *needless* if it ran although its value follows from nothing that changed; what follows from the change is written
down here, and held against the values from nothing before and after. A step that a tool was told to compute every time
is not counted as needless. A wrong cell of Trimtab ends the run with 1.

Peers come from ``python benchmarks/peers/install.py hamilton dvc``.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines import SETTINGS, head, surroundings, write

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

from install import VENVS, is_installed, python_of  # noqa: E402

# ── the project ──────────────────────────────────────────────────────────────────────────────────────────────────────

SUM: Final = "return sum(map(int, read.split()))"
STEPS: Final = {
    "read": ("", 'with open("data.txt") as file:\n        return file.read()'),
    "plain": ("read: str", SUM),
    "helped": ("plain: int", "return shapes.scaled(plain)"),
    "bounded": ("", "return min(limits.LIMIT, 1000)"),
    "shaped": ("", "return figures.Square(3).area()"),
    "powered": ("power: int = 2", "return 3**power"),
    "weighed": ("weight: int = 0", "return 10 * weight"),
    "library": ("", "return tinyrate.rate()"),
    "variable": ("", 'return os.environ.get("RATE", "")'),
    "declared": ("", 'return os.environ.get("MODE", "")'),
    "joined": (
        (
            "plain: int, helped: int, bounded: int, shaped: int, powered: int, weighed: int, "
            "library: int, variable: str, declared: str"
        ),
        'return f"{plain} {helped} {bounded} {shaped} {powered} {weighed} {library} {variable} {declared}"',
    ),
}
"""Each step's parameters and what it does."""

RETURNS: Final = {"read": "str", "variable": "str", "declared": "str", "joined": "str"}
IMPORTS: Final = {"helped": "shapes", "bounded": "limits", "shaped": "figures", "library": "tinyrate"}
USES: Final = {
    "read": ["data.txt"],
    "helped": ["shapes.py", "offsets.py"],
    "bounded": ["limits.py"],
    "shaped": ["figures.py", "bases.py"],
    "library": ["requirements.txt"],
}
"""What a stage of DVC declares beside its script and its inputs: each file of the project that it reads or imports."""

OTHERS: Final = {
    "data.txt": "1 2 3\n",
    "requirements.txt": "tinyrate==1.0\ntinybase==1.0\n",
    "shapes.py": "import offsets\n\n\ndef scaled(total: int) -> int:\n    return offsets.offset(total) * 2\n\n\n"
    "def unused(total: int) -> int:\n    return total\n",
    "offsets.py": "def offset(total: int) -> int:\n    return total + 1\n",
    "limits.py": "LIMIT = 10\n",
    "figures.py": "import bases\n\n\nclass Square(bases.Figure):\n"
    "    def side(self) -> int:\n        return self.size\n",
    "bases.py": "class Figure:\n    def __init__(self, size: int) -> None:\n        self.size = size\n\n"
    "    def side(self) -> int:\n        raise NotImplementedError\n\n"
    "    def area(self) -> int:\n        return self.side() ** 2\n",
}
LIBRARIES: Final = {
    "tinybase": ("", "def base() -> int:\n    return {major}\n"),
    "tinyrate": (
        "Requires-Dist: tinybase\n",
        "import tinybase\n\n\ndef rate() -> int:\n    return 10 * {major} + tinybase.base()\n",
    ),
}
"""What each library needs, and its one module."""

# ── the changes ──────────────────────────────────────────────────────────────────────────────────────────────────────

SAME: Final = "a step's body, with the same result"
CHANGES: Final[dict[str, tuple[str, ...]]] = {
    "files touched": (),
    "comment": (),
    "docstring": (),
    "format": (),
    "function that nobody uses": (),
    "environment variable that nobody reads": (),
    "a step's body": ("plain", "helped", "joined"),
    SAME: ("plain",),
    "default argument": ("powered", "joined"),
    "helper in another module": ("helped", "joined"),
    "helper of that helper, in a third": ("helped", "joined"),
    "constant in another module": ("bounded", "joined"),
    "class in another module": ("shaped", "joined"),
    "base class of it, in a third": ("shaped", "joined"),
    "data behind the same path": ("read", "plain", "helped", "joined"),
    "data of the same size and times": ("read", "plain", "helped", "joined"),
    "parameter": ("weighed", "joined"),
    "library's version, and its pin": ("library", "joined"),
    "library's version, the environment alone": ("library", "joined"),
    "indirect library's version, likewise": ("library", "joined"),
    "environment variable that is read": ("variable", "joined"),
    "environment variable that is declared": ("declared", "joined"),
}
"""What is changed, and the steps whose value follows from it."""

EDITS: Final[dict[str, list[tuple[str, str, str]]]] = {
    "comment": [
        ("plain", f"    {SUM}", f"    # of all numbers\n    {SUM}"),
        ("shapes.py", "    return offsets", "    # twice\n    return offsets"),
    ],
    "docstring": [
        ("plain", "def plain(read: str) -> int:\n", 'def plain(read: str) -> int:\n    """Of all numbers."""\n'),
        ("shapes.py", "    return offsets", '    """Twice."""\n    return offsets'),
    ],
    "format": [
        ("plain", SUM, SUM.replace("(map(int, read.split()))", "(\n        map(int, read.split()),\n    )")),
        ("shapes.py", "offset(total) * 2", "offset(\n        total,\n    ) * 2"),
    ],
    "function that nobody uses": [("shapes.py", "    return total\n", "    return total + 1\n")],
    "a step's body": [("plain", SUM, f"{SUM} + 1")],
    SAME: [("plain", SUM, SUM.replace("sum(", "0 + sum("))],
    "default argument": [("powered", "power: int = 2", "power: int = 3")],
    "helper in another module": [("shapes.py", "offset(total) * 2", "offset(total) * 3")],
    "helper of that helper, in a third": [("offsets.py", "total + 1", "total + 2")],
    "constant in another module": [("limits.py", "LIMIT = 10", "LIMIT = 20")],
    "class in another module": [("figures.py", "return self.size", "return self.size + 1")],
    "base class of it, in a third": [("bases.py", "self.side() ** 2", "self.side() ** 3")],
    "library's version, and its pin": [("requirements.txt", "tinyrate==1.0", "tinyrate==2.0")],
}
"""By change: a file, or the step whose function is meant, what is there once, and what is there afterwards."""

INSTALLS: Final = {
    "library's version, and its pin": "tinyrate",
    "library's version, the environment alone": "tinyrate",
    "indirect library's version, likewise": "tinybase",
}
VARIABLES: Final = {
    "environment variable that nobody reads": "OTHER",
    "environment variable that is read": "RATE",
    "environment variable that is declared": "MODE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool with a cache.

    `file_of` names the file with a step's function; `parameter` is the file and the text of the one parameter; `values`
    reads every step's value, given the project, what the run said, and a way to ask the tool; `always` are the steps
    that it was told to compute every time.
    """

    name: str
    python: str
    words: list[str]
    lay_out: Callable[[Path, Path], None]
    file_of: Callable[[str], str]
    parameter: tuple[str, str]
    values: Callable[[Path, str, Callable[[list[str]], str]], dict[str, str]]
    always: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The steps that said that they ran, and every step's value afterwards."""

    steps: frozenset[str]
    values: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What was wrong after one change, if anything."""

    stale: frozenset[str]
    needless: frozenset[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--trimtab", default=f"{sys.executable} -m trimtab", help="the command to judge; its first word is a Python"
    )
    parser.add_argument("--venvs", type=Path, default=VENVS, help="where install.py made the peers' environments")
    parser.add_argument("--folder", type=Path, help="on the disk to use; by default the system's temporary one")
    parser.add_argument("--markdown", type=Path, help="also write the table to this file")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    cells: dict[str, dict[str, Cell]] = {change: {} for change in CHANGES}
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for number, tool in enumerate(tools(shlex.split(asked.trimtab), asked.venvs)):
            for change, cell in judged(tool, Path(folder) / str(number)).items():
                cells[change][tool.name] = cell
    told = "\n".join([*head(load), *rows(cells)])
    print(told)
    if asked.markdown:
        asked.markdown.write_text(told + "\n")
    sys.exit(any(wrong(by["Trimtab"]) for by in cells.values()))


# ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def judged(tool: Tool, folder: Path) -> dict[str, Cell]:
    """By change. Each begins with a copy of the project that has run, at the very path where it ran."""
    kept, live = folder / "kept", folder / "live"
    python = environment(live / "environment", tool.python)
    for library in LIBRARIES:
        install_library(python, library, 1)
    tool.lay_out(live / "project", python)
    variables = {"RATE": "1", "MODE": "1", "OTHER": "1"}
    before = run(tool, live, variables)
    if before.steps != set(STEPS):
        sys.exit(f"{tool.name}: the first run ran {names(before.steps)}")
    live.rename(kept)
    cells = {}
    for change in CHANGES:
        shutil.copytree(kept, live, symlinks=True)
        rested = run(tool, live, variables)  # also lets a tool learn the copies' inodes, by which some look up digests
        if rested.steps != tool.always or rested.values != before.values:
            sys.exit(f"{tool.name}: before any change, {names(rested.steps)} ran")
        changed = make(change, tool, live, variables)
        after = run(tool, live, changed)
        subprocess.run(["git", "clean", "-ffdxq"], cwd=live / "project", check=True)
        cells[change] = judge(change, before, after, run(tool, live, changed), tool.always)
        shutil.rmtree(live)
    return cells


def judge(change: str, before: Ran, after: Ran, from_nothing: Ran, always: frozenset[str]) -> Cell:
    """Ends with a message if the change itself is not what CHANGES says of it."""
    follows = set(CHANGES[change])
    moved = differ(before, from_nothing)
    if from_nothing.steps != set(STEPS) or moved != (set() if change == SAME else follows):
        sys.exit(f"{change}: from nothing {names(from_nothing.steps)} ran, and {names(moved)} came to something else")
    return Cell(stale=differ(after, from_nothing), needless=after.steps - follows - always)


def differ(one: Ran, other: Ran) -> frozenset[str]:
    return frozenset(step for step in STEPS if one.values[step] != other.values[step])


def run(tool: Tool, live: Path, variables: dict[str, str]) -> Ran:
    """Ends with what the command said if it fails. No byte code is kept: its times are too coarse for quick edits."""
    project, python = live / "project", str(live / "environment" / "bin" / "python")
    surrounded = surroundings(live) | variables | {"PYTHONDONTWRITEBYTECODE": "1"}

    def done(words: list[str]) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [python, *words], cwd=project, env=surrounded, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            sys.exit(f"{tool.name} failed:\n{ended.stdout[-3000:]}{ended.stderr[-3000:]}")
        return ended

    ended = done(tool.words)
    lines = (ended.stdout + ended.stderr).splitlines()
    steps = frozenset(line.removeprefix("ran:").strip() for line in lines if line.startswith("ran:"))
    return Ran(steps=steps, values=tool.values(project, ended.stdout, lambda words: done(words).stdout))


def make(change: str, tool: Tool, live: Path, variables: dict[str, str]) -> dict[str, str]:
    """Change one thing; the environment variables afterwards."""
    project, data = live / "project", live / "project" / "data.txt"
    for where, old, new in EDITS.get(change, []):
        edit(project / (tool.file_of(where) if where in STEPS else where), old, new)
    if change in INSTALLS:
        install_library(live / "environment" / "bin" / "python", INSTALLS[change], 2)
    match change:
        case "files touched":
            for path in project.iterdir():
                if path.is_file():
                    path.touch()
        case "data behind the same path":
            data.write_text("1 2 3 4\n")
        case "data of the same size and times":
            times = data.stat()
            data.write_text("9 2 3\n")
            os.utime(data, ns=(times.st_atime_ns, times.st_mtime_ns))
        case "parameter":
            file, text = tool.parameter
            edit(project / file, text.format(1), text.format(2))
        case _:
            pass  # an edit, an installation or a variable
    return variables | ({VARIABLES[change]: "2"} if change in VARIABLES else {})


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    if text.count(old) != 1:
        raise ValueError(f"{old!r} is not once in {file.name}")
    file.write_text(text.replace(old, new))


# ── tools ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def tools(ours: list[str], venvs: Path) -> list[Tool]:
    """Those that are installed; the others are named as skipped."""
    found = [
        Tool(
            name="Trimtab",
            python=ours[0],
            words=[*ours[1:], "run"],
            lay_out=lay_out_ours,
            file_of=lambda _: "pipeline.py",
            parameter=("trimtab.toml", "weight = {}\n"),
            values=lambda _, __, ask: values_of_record(ask([*ours[1:], "runs", "show", "latest", "--json"])),
        )
    ]
    for peer, add in {"hamilton": hamiltons, "dvc": dvcs}.items():
        if is_installed(peer, venvs):
            found += add(str(python_of(peer, venvs)))
        else:
            print(f"SKIPPED: {peer} is not installed (python benchmarks/peers/install.py {peer})", file=sys.stderr)
    return found


def hamiltons(python: str) -> list[Tool]:
    """As it comes; and as its page on caching says of steps that read what it does not see: computed every time."""
    script = str(HERE / "peers" / "hamilton_changes.py")
    return [
        Tool(
            name=name,
            python=python,
            words=[script, *always],
            lay_out=lay_out_hamilton,
            file_of=lambda _: "steps.py",
            parameter=("parameters.json", '"weight": {}'),
            values=lambda _, said, __: {step: repr(value) for step, value in json.loads(said).items()},
            always=frozenset(always),
        )
        for name, always in (("Hamilton", ()), ("Hamilton, told to recompute `read`, `variable`", ("read", "variable")))
    ]


def dvcs(python: str) -> list[Tool]:
    return [
        Tool(
            name="DVC",
            python=python,
            words=["-m", "dvc", "repro"],
            lay_out=lay_out_dvc,
            file_of=lambda step: f"{step}.py",
            parameter=("params.yaml", "weight: {}\n"),
            values=lambda project, _, __: {step: (project / f"{step}.json").read_text() for step in STEPS},
        )
    ]


def values_of_record(shown: str) -> dict[str, str]:
    """Digests of what the steps returned, by content."""
    return {step["step"]: step["output"] for step in json.loads(shown)["record"]["steps"]}


def function(step: str) -> str:
    parameters, body = STEPS[step]
    says = f'print("ran:{step}", file=sys.stderr)'
    return f"def {step}({parameters}) -> {RETURNS.get(step, 'int')}:\n    {says}\n    {body}\n"


def module(functions: dict[str, str], imports: str = "") -> str:
    project = "".join(f"import {name}\n" for name in IMPORTS.values())
    return f"import os\nimport sys\n\n{project}{imports}\n\n" + "\n\n".join(functions.values())


def lay_out_ours(folder: Path, _: Path) -> None:
    # `joined` is marked as well: with one step marked, steps are what is marked and what that needs.
    marks = {"declared": '@step(env=["MODE"])\n', "joined": "@step()\n"}
    made = {step: marks.get(step, "") + function(step) for step in STEPS}
    settings = f"{SETTINGS}\n[pipeline.params]\nweight = 1\n"
    text = module(made, "from trimtab import step\n")
    write(folder, {"pipeline.py": text, "trimtab.toml": settings, ".gitignore": ".trimtab/\n"} | OTHERS)


def lay_out_hamilton(folder: Path, _: Path) -> None:
    """What a step depends on beside others is an input of the graph: so are the parameter and the declared variable."""
    declared = function("declared").replace("()", "(mode: str)").replace('os.environ.get("MODE", "")', "mode")
    made = {step: function(step) for step in STEPS} | {"declared": declared}
    write(folder, {"steps.py": module(made), "parameters.json": '{"weight": 1}\n'} | OTHERS)


def lay_out_dvc(folder: Path, python: Path) -> None:
    """A script for each step; it declares all it reads and imports. Environment variables cannot be declared."""
    files, stages = {"params.yaml": "weight: 1\n"}, ["stages:"]
    for step, (parameters, _) in STEPS.items():
        inputs = [f"{name}.json" for each in parameters.split(", ") if (name := each.split(":")[0]) in STEPS]
        project = f"import {IMPORTS[step]}\n" if step in IMPORTS else ""
        files[f"{step}.py"] = (
            f"import json\nimport os\nimport sys\n\n{project}\n\n{function(step)}\n\n"
            'given = [json.load(open(arg)) if arg.endswith(".json") else int(arg) for arg in sys.argv[1:]]\n'
            f'with open("{step}.json", "w") as file:\n    json.dump({step}(*given), file)\n'
        )
        taken = ["${weight}"] if step == "weighed" else []
        stages += [f"  {step}:", f"    cmd: {' '.join([str(python), f'{step}.py', *inputs, *taken])}"]
        stages += [f"    deps: [{', '.join([f'{step}.py', *inputs, *USES.get(step, [])])}]"]
        stages += ["    params: [weight]"] if taken else []
        stages += [f"    outs: [{step}.json]"]
    write(folder, files | {"dvc.yaml": "\n".join(stages) + "\n"} | OTHERS, [str(python), "-m", "dvc"])


# ── libraries ────────────────────────────────────────────────────────────────────────────────────────────────────────


def environment(folder: Path, tool: str) -> Path:
    """The interpreter of a new environment, which also sees what the tool's has."""
    subprocess.run([tool, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    (libraries_of(python) / "tool.pth").write_text(f"import site; site.addsitedir({str(libraries_of(tool))!r})\n")
    return python


def libraries_of(python: Path | str) -> Path:
    command = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def install_library(python: Path, library: str, major: int) -> None:
    """Put a version of the library in place of what is there, as pip lays out a wheel."""
    folder = libraries_of(python)
    for old in folder.glob(f"{library}-*.dist-info"):
        shutil.rmtree(old)
    needs, code = LIBRARIES[library]
    info = f"{library}-{major}.0.dist-info"
    files = {
        f"{library}/__init__.py": code.format(major=major),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {library}\nVersion: {major}.0\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/INSTALLER": "pip\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def wrong(cell: Cell) -> bool:
    return bool(cell.stale or cell.needless)


def names(steps: Collection[str]) -> str:
    return ", ".join(step for step in STEPS if step in steps) or "nothing"


def rows(cells: dict[str, dict[str, Cell]]) -> list[str]:
    tried = list(next(iter(cells.values())))
    told = [f"| change | must run | {' | '.join(tried)} |", f"| --- | --- |{' --- |' * len(tried)}"]
    for change, by in cells.items():
        told.append(f"| {change} | {names(CHANGES[change])} | {' | '.join(said(by[who]) for who in tried)} |")
    for what, bad in (("nothing stale", lambda cell: cell.stale), ("exactly right", wrong)):
        counts = [sum(not bad(by[who]) for by in cells.values()) for who in tried]
        told.append(f"| **{what}** | | {' | '.join(f'{count} of {len(CHANGES)}' for count in counts)} |")
    return told


def said(cell: Cell) -> str:
    told = [f"**stale**: {names(cell.stale)}"] if cell.stale else []
    told += [f"needless: {names(cell.needless)}"] if cell.needless else []
    return "; ".join(told) or "right"


if __name__ == "__main__":
    main()
