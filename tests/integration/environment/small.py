"""Tiny wheels, made here, and virtual environments that pip installs them into without a network."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trimtab.drivers.environment import Libraries

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
    tag: str = "py3-none-any",
) -> Path:
    """A wheel of a module called like the package, or of ``files``, whose paths may lie in ``DATA/``."""
    spelt = name.replace("-", "_")
    info, data = f"{spelt}-{version}.dist-info", f"{spelt}-{version}.data"
    there = dict(files if files is not None else {f"{spelt}.py": f"VERSION = {version!r}\n"})
    content = {path.replace("DATA", data).replace("INFO", info): text for path, text in there.items()}
    headers = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    content[f"{info}/METADATA"] = "\n".join([*headers, *(f"Requires-Dist: {line}" for line in requires), ""])
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    rows = []
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        rows.append(f"{path},sha256={digest},{len(text.encode())}")
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{spelt}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,", ""]))
    return wheel


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_project(folder: Path, name: str, version: str, source: str) -> Path:
    """A folder that pip can install as editable without a network: its build backend lies in it."""
    (folder / "src" / name).mkdir(parents=True)
    (folder / "src" / name / "__init__.py").write_text(source)
    (folder / "backend.py").write_text(_BACKEND.format(name=name, version=version))
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n'
    )
    return folder


_BACKEND = """
import os, zipfile

INFO = "{name}-{version}.dist-info"


def write(folder, files):
    wheel = "{name}-{version}-py3-none-any.whl"
    rows = []
    import base64, hashlib
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        files[INFO + "/METADATA"] = "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
        files[INFO + "/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        for path, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
            rows.append(f"{{path}},sha256={{digest}},{{len(text.encode())}}")
            archive.writestr(path, text)
        archive.writestr(INFO + "/RECORD", "\\n".join([*rows, INFO + "/RECORD,,", ""]))
    return wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    source = open("src/{name}/__init__.py").read()
    if "cannot be built" in source:
        raise RuntimeError("the compiler is missing")
    return write(wheel_directory, {{"{name}/__init__.py": source}})


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return write(wheel_directory, {{"_{name}.pth": os.path.abspath("src") + "\\n"}})
"""


@dataclass(frozen=True, slots=True)
class SmallEnvironment:
    """A virtual environment without pip in it; ours installs."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site(self) -> Path:
        return self.folder / "lib" / f"python{MINOR}" / "site-packages"

    def pip(self, *words: str | Path) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check"]
        settings = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        settings |= {"PIP_CONFIG_FILE": os.devnull, "PIP_ROOT_USER_ACTION": "ignore"}
        done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True, env=settings)
        assert done.returncode == 0, done.stderr

    def install(self, *wheels: Path, compile_: bool = False) -> None:
        how = "--compile" if compile_ else "--no-compile"
        self.pip("install", "-q", "--no-index", "--no-deps", how, *wheels)

    def install_editable(self, project: Path) -> None:
        self.pip("install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-e", project)

    def uninstall(self, name: str) -> None:
        self.pip("uninstall", "-q", "-y", name)

    def path(self) -> list[str]:
        """What ``sys.path`` would have of it: its packages, and the folders that ``.pth`` files name."""
        folders = [str(self.site)]
        for file in sorted(self.site.glob("*.pth")):
            folders += [line for line in file.read_text().splitlines() if line and not line.startswith("import")]
        return folders

    def libraries(self, index: Path | None = None, *, before: Sequence[Path] = ()) -> Libraries:
        return Libraries(index, path=[*map(str, before), *self.path()])

    def run(self, code: str) -> str:
        done = subprocess.run([str(self.python), "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def new_environment(folder: Path) -> SmallEnvironment:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return SmallEnvironment(folder)


def without_network() -> list[str]:
    """What to put before a command so that it has no network; nothing where the system does not let us."""
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode == 0:
        return [unshare, "-rn"]
    return []
