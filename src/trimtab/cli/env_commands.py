"""Commands on the environment: show, freeze."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trimtab.cli.output import as_json, document, in_project, note, table

if TYPE_CHECKING:
    from trimtab.app.env import Frozen, Seen


@click.group()
def env() -> None:
    """Show what the project runs in, and lock it."""


@env.command("show")
@in_project
@as_json
def show(folder: Path, json_: bool) -> int:
    """Print the environment and the lock that holds it."""
    from trimtab.app.env import look
    from trimtab.base.errors import EnvironmentMismatchError
    from trimtab.drivers.project_file import read_project

    project = read_project(folder)
    seen = look(folder.resolve(), project, index_file=None)
    if json_:
        document("trimtab.environment/1", seen)
    else:
        click.echo(_shown(seen))
    if seen.differences:
        note(str(EnvironmentMismatchError(seen.differences, fix=seen.fix)))
        return EnvironmentMismatchError.exit_code
    return 0


@env.command("freeze")
@in_project
@click.option(
    "--lock", type=click.Path(path_type=Path, dir_okay=False), default=Path("pylock.toml"),
    help="The lock to write, relative to the project (default: pylock.toml).",
)  # fmt: skip
@click.option(
    "--wheels", type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the wheel store (default: wheels in the state folder).",
)  # fmt: skip
@click.option("--offline", is_flag=True, help="Ask no index: make every wheel from what is installed.")
@as_json
def freeze(folder: Path, lock: Path, wheels: Path | None, offline: bool, json_: bool) -> None:
    """Write a lock of what is installed, and keep its wheels."""
    from trimtab.app import env as use_case
    from trimtab.drivers.project_file import read_project

    project = read_project(folder)
    root = folder.resolve()
    state = Path(os.environ.get("TRIMTAB_STATE", root / ".trimtab"))
    frozen = use_case.freeze(
        root, project, lock=root / lock, wheels=wheels or state / "wheels", offline=offline, say=note
    )
    if json_:
        packages = [{**asdict(package), "wheel": str(package.wheel)} for package in frozen.packages]
        told = {name: getattr(frozen, name) for name in ("counts", "others", "index", "absent")}
        places = {"lock": str(frozen.lock), "wheels": str(frozen.wheels)}
        document("trimtab.environment-lock/1", {**told, **places, "packages": packages})
    else:
        click.echo(_said(frozen, root))


def _shown(seen: Seen) -> str:
    environment = seen.environment
    limits = ", ".join(f"{name}={value}" for name, value in environment.thread_limits.items())
    facts = [
        ("level", str(environment.level)),
        ("lock", seen.lock or "none: `trimtab env freeze` writes one"),
        *([("not looked at", ", ".join(seen.others))] if seen.others else []),
        ("python", f"{environment.implementation} {environment.python}"),
        ("system", ", ".join(part for part in (environment.platform, environment.libc, environment.machine) if part)),
        ("processor", environment.processor),
        ("instructions", " ".join(environment.instructions)),
        ("threads", f"{environment.threads}{f' ({limits})' if limits else ''}"),
        ("hash seed", environment.hash_seed or "not set"),
        ("locale", environment.locale),
        *([("not installed", ", ".join(seen.absent))] if seen.absent else []),
    ]
    lines = [f"{name:<14}{value}".rstrip() for name, value in facts]
    packages = [(name, package.version or "a folder") for name, package in environment.installed.items()]
    return "\n".join([*lines, "", table(("package", "version"), packages)])


def _said(frozen: Frozen, root: Path) -> str:
    rows = [(package.name, package.version, package.origin, f"{package.size:,}") for package in frozen.packages]
    size = sum(package.size for package in frozen.packages) / 1e6
    lines = [table(("package", "version", "wheel from", "bytes"), rows)]
    if frozen.index and frozen.index != "--offline":
        lines.append(f"no index was asked: {frozen.index}")
    if frozen.absent:
        lines.append(f"imported and not installed, so not locked: {', '.join(frozen.absent)}")
    if root / frozen.counts != frozen.lock:
        counts = frozen.counts or "no lock"
        lines.append(f"{counts} counts, and not this one: name it in trimtab.toml: [pipeline] lock")
    elif frozen.others:
        lines.append(f"no longer looked at: {', '.join(frozen.others)}")
    lock, wheels = _near(frozen.lock, root), _near(frozen.wheels, root)
    lines.append(f"locked {len(rows)} packages in {lock}, {size:.1f} MB of wheels in {wheels}")
    return "\n".join(lines)


def _near(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


COMMANDS = (env,)
