"""Files that were edited where they are installed are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.environment.small import SmallEnvironment, make_project, make_wheel, new_environment
from trimtab.drivers.environment.verify import EditedPackageError, refuse_edited, verify_installed

FILES = {
    "tool/__init__.py": "A = 1\n",
    "tool/table.csv": "a,b\n",
    "DATA/scripts/tool-script": "#!python\nprint()\n",
    "INFO/entry_points.txt": "[console_scripts]\ntool = tool:main\n",
}


@pytest.fixture
def environment(tmp_path: Path) -> SmallEnvironment:
    made = new_environment(tmp_path / "environment")
    made.install(make_wheel(tmp_path, "tool", "1.0", files=FILES), compile_=True)
    return made


def edited(environment: SmallEnvironment) -> dict[str, tuple[str, ...]]:
    libraries = environment.libraries()
    return verify_installed(["tool", "not-installed"], libraries)


def test_what_was_just_installed_is_as_it_was_listed(environment: SmallEnvironment) -> None:
    assert edited(environment) == {}
    refuse_edited({})


def test_a_changed_a_missing_and_an_added_file_are_named(environment: SmallEnvironment) -> None:
    (environment.site / "tool" / "__init__.py").write_text("A = 2\n")
    (environment.site / "tool" / "table.csv").unlink()
    (environment.site / "tool" / "patch.py").write_text("")
    assert edited(environment) == {"tool": ("tool/__init__.py", "tool/patch.py", "tool/table.csv")}
    with pytest.raises(EditedPackageError, match=r"tool: tool/__init__\.py(.|\n)*--force-reinstall --no-deps tool"):
        refuse_edited(edited(environment))


def test_an_edited_version_and_an_edited_script_are_named(environment: SmallEnvironment) -> None:
    metadata = environment.site / "tool-1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("1.0", "1.1"))
    script = environment.folder / "bin" / "tool-script"
    script.write_text(script.read_text() + "evil()\n")
    assert edited(environment) == {"tool": ("../../../bin/tool-script", "tool-1.0.dist-info/METADATA")}


def test_bytecode_is_nobodys_edit(environment: SmallEnvironment) -> None:
    for path in environment.site.rglob("*.pyc"):
        path.unlink()
    (environment.site / "tool" / "__pycache__").mkdir(exist_ok=True)
    (environment.site / "tool" / "__pycache__" / "other.cpython-310.pyc").write_bytes(b"")
    assert edited(environment) == {}


def test_an_editable_install_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    environment = new_environment(tmp_path / "environment")
    project = make_project(tmp_path / "mine", "mine", "0.1", "A = 1\n")
    environment.install_editable(project)
    (project / "src" / "mine" / "__init__.py").write_text("A = 2\n")
    assert verify_installed(["mine"], environment.libraries()) == {}
