"""Wheels are made again from what is installed, and kept so that they are found whole or not at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.integration.environment.small import (
    MINOR,
    SmallEnvironment,
    make_project,
    make_wheel,
    new_environment,
    sha256,
    without_network,
)
from trimtab.base.errors import IntegrityError
from trimtab.drivers.environment import Libraries, interpreter_of, marker_variables
from trimtab.drivers.wheel_store import NotLockableError, Wanted, WheelStore, build_wheel, download, read_wheel, repack

FILES = {
    "tool/__init__.py": "import sys\n\ndef main():\n    print('started')\n",
    "tool/with, comma.txt": "text\n",
    "tool_second.py": "",
    "DATA/scripts/tool-script": "#!python\nimport tool\nprint('script')\n",
    "DATA/scripts/tool-shell": "#!/bin/sh\necho shell\n",
    "DATA/data/share/tool/a.txt": "a",
    "DATA/headers/tool.h": "int tool;\n",
    "DATA/purelib/tool_third.py": "THIRD = 3\n",
    "INFO/entry_points.txt": "[console_scripts]\ntool = tool:main\n\n[other]\nx = tool\n",
}

HERE = interpreter_of(marker_variables())


@pytest.fixture
def environment(tmp_path: Path) -> SmallEnvironment:
    made = new_environment(tmp_path / "environment")
    files = {path: text for path, text in FILES.items() if "comma" not in path}
    made.install(make_wheel(tmp_path / "wheels", "tool", "1.0", files=files), compile_=True)
    return made


def made_again(environment: SmallEnvironment, into: Path) -> Path:
    into.mkdir(exist_ok=True)
    return repack(environment.site / "tool-1.0.dist-info", "tool", "1.0", into)


def test_a_wheel_made_again_installs_the_same_files_elsewhere(environment: SmallEnvironment, tmp_path: Path) -> None:
    wheel = made_again(environment, tmp_path / "made")
    other = new_environment(tmp_path / "other")
    other.install(wheel)
    assert other.libraries().behind(["tool"]) == environment.libraries().behind(["tool"])
    assert other.run("import tool, tool_second, tool_third; print(tool_third.THIRD)") == "3"
    for script, said in (("tool", "started"), ("tool-script", "script"), ("tool-shell", "shell")):
        started = subprocess.run([str(other.folder / "bin" / script)], capture_output=True, text=True)
        assert started.stdout.strip() == said, started.stderr
    assert str(other.folder) in (other.folder / "bin" / "tool-script").read_text()
    assert (other.folder / "share" / "tool" / "a.txt").read_text() == "a"
    assert (other.folder / "include" / "site" / f"python{MINOR}" / "tool" / "tool.h").is_file()


def test_a_wheel_made_again_is_a_sound_wheel_with_the_digest_of_what_is_installed(
    environment: SmallEnvironment, tmp_path: Path
) -> None:
    wheel = read_wheel(made_again(environment, tmp_path / "made"))
    assert wheel.record == environment.libraries().behind(["tool"])["tool"].record
    with zipfile.ZipFile(wheel.path) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.endswith((".pyc", "INSTALLER", "REQUESTED", "direct_url.json"))]
    assert "tool-1.0.data/scripts/tool" not in names


def test_the_same_files_give_the_same_bytes(environment: SmallEnvironment, tmp_path: Path) -> None:
    first, second = made_again(environment, tmp_path / "a"), made_again(environment, tmp_path / "b")
    assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())
    assert first.name.startswith("tool-1.0-0_")


def test_a_file_that_was_changed_goes_into_no_wheel(environment: SmallEnvironment, tmp_path: Path) -> None:
    (environment.site / "tool" / "__init__.py").write_text("changed")
    with pytest.raises(NotLockableError, match=r"no wheel can be made of tool: tool/__init__\.py: it was changed"):
        made_again(environment, tmp_path / "made")
    (environment.site / "tool" / "__init__.py").unlink()
    with pytest.raises(NotLockableError, match=r"tool/__init__\.py: No such file"):
        made_again(environment, tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


@pytest.mark.parametrize("name", ["RECORD", "WHEEL"])
def test_an_install_that_does_not_tell_its_files_is_refused(
    environment: SmallEnvironment, tmp_path: Path, name: str
) -> None:
    (environment.site / "tool-1.0.dist-info" / name).unlink()
    with pytest.raises(NotLockableError, match=r"tool(.|\n)*--force-reinstall --no-deps tool|tool-1.0.dist-info/WHEEL"):
        made_again(environment, tmp_path / "made")


def test_a_file_listed_without_a_hash_goes_into_no_wheel(environment: SmallEnvironment, tmp_path: Path) -> None:
    record = environment.site / "tool-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text() + "tool/extra.py,,\n")
    (environment.site / "tool" / "extra.py").write_text("")
    with pytest.raises(NotLockableError, match=r"tool/extra\.py: its list of files has no hash"):
        made_again(environment, tmp_path / "made")


def test_a_compiled_package_of_this_environment_is_made_again_and_imported(tmp_path: Path) -> None:
    here = Libraries(None).distribution("msgspec")
    assert here is not None
    wheel = repack(Path(here.folder), "msgspec", here.version, tmp_path)
    other = new_environment(tmp_path / "other")
    other.install(wheel)
    assert other.run("import msgspec; print(msgspec.json.decode(b'[1]'), msgspec.__file__)").startswith("[1] ")
    assert other.libraries().behind(["msgspec"])["msgspec"] == Libraries(None).behind(["msgspec"])["msgspec"]


# ── the store ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wheel_is_found_by_its_hash_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    store = WheelStore(tmp_path / "store")
    wheel = make_wheel(tmp_path, "tool", "1.0")
    hashes = [f"sha256:{sha256(wheel)}"]
    assert store.find("tool", hashes, interpreter=HERE) is None
    kept = store.put(wheel)
    assert kept.path == tmp_path / "store" / wheel.name
    assert store.find("tool", hashes, interpreter=HERE) == kept.path
    assert store.find("other", hashes, interpreter=HERE) is None
    kept.path.write_bytes(kept.path.read_bytes()[:-1] + b"x")
    assert store.find("tool", hashes, interpreter=HERE) is None
    assert store.put(wheel).path.read_bytes() == wheel.read_bytes()
    assert store.find("tool", hashes, interpreter=HERE) is not None


def test_another_wheel_of_the_same_name_is_kept_beside_the_first(tmp_path: Path) -> None:
    store = WheelStore(tmp_path / "store")
    first = store.put(make_wheel(tmp_path / "a", "tool", "1.0"))
    second = store.put(make_wheel(tmp_path / "b", "tool", "1.0", files={"tool.py": "OTHER = 1\n"}))
    assert first.path != second.path
    for wheel in (first, second):
        assert store.find("tool", [f"sha256:{wheel.sha256}"], interpreter=HERE) == wheel.path
        holding = store.holding("tool", wheel.record)
        assert holding is not None
        assert holding.path == wheel.path


def test_a_wheel_for_another_machine_is_not_found(tmp_path: Path) -> None:
    store = WheelStore(tmp_path / "store")
    kept = store.put(make_wheel(tmp_path, "tool", "1.0", tag="cp27-cp27m-win32"))
    assert store.find("tool", [f"sha256:{kept.sha256}"], interpreter=HERE) is None


def test_what_is_no_sound_wheel_is_not_kept(tmp_path: Path) -> None:
    store = WheelStore(tmp_path / "store")
    wheel = make_wheel(tmp_path, "tool", "1.0")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("tool/smuggled.py", "")
    with pytest.raises(IntegrityError, match=r"tool/smuggled\.py is not what its RECORD says"):
        store.put(wheel)
    for content in (b"", b"PK\x03\x04 no zip"):
        wheel.write_bytes(content)
        with pytest.raises(IntegrityError, match="is not a sound wheel"):
            store.put(wheel)
    shutil.copy(make_wheel(tmp_path, "tool", "1.0"), tmp_path / "odd.whl")
    with pytest.raises(IntegrityError, match="its name is not a wheel's"):
        store.put(tmp_path / "odd.whl")


# ── pip ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_index_gives_what_it_has_and_leaves_the_rest_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "index"
    for name in ("first", "second"):
        make_wheel(index, name, "1.0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    came = tmp_path / "came"
    came.mkdir()
    wanted = [Wanted(name=name, version="1.0") for name in ("first", "private", "second")]
    told = download(wanted, came, python=Path(sys.executable))
    assert told.problem == ""
    assert told.addresses == {"first": "", "second": ""}  # an address on this disk is of no use to others
    hashed = [
        Wanted(name="first", version="1.0", hashes=(f"sha256:{'0' * 64}",)),
        Wanted(name="second", version="1.0", hashes=(f"sha256:{sha256(index / 'second-1.0-py3-none-any.whl')}",)),
    ]
    (tmp_path / "again").mkdir()
    assert set(download(hashed, tmp_path / "again", python=Path(sys.executable)).addresses) == {"second"}


def test_without_a_network_the_index_is_said_not_to_answer(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from trimtab.drivers.wheel_store import Wanted, download;"
        f"print(download([Wanted(name='idna', version='3.7')], Path({str(tmp_path)!r}), python=Path(sys.executable)))"
    )
    settings = {
        "PATH": "/usr/bin:/bin", "PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    }  # fmt: skip
    done = subprocess.run(
        [*without_network(), sys.executable, "-c", code], capture_output=True, text=True, env=settings
    )
    assert "problem='the index does not answer'" in done.stdout, done.stderr


def test_a_working_folder_is_built_or_refused_by_name(tmp_path: Path) -> None:
    python = Path(sys.executable)
    wheel = build_wheel(make_project(tmp_path / "mine", "mine", "0.1", "A = 1\n"), "mine", tmp_path, python=python)
    assert read_wheel(wheel).name.name == "mine"
    broken = make_project(tmp_path / "broken", "broken", "0.1", "# cannot be built\n")
    with pytest.raises(
        NotLockableError, match=r"broken is an editable install of .*no wheel can be built(.|\n)*freeze again"
    ):
        build_wheel(broken, "broken", tmp_path, python=python)
