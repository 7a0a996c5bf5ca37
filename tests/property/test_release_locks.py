"""A lock that somebody damaged is refused with a sentence, whatever the damage; what is written is read as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trimtab.base.errors import InputError
from trimtab.release.locks.choosing import choose
from trimtab.release.locks.pylock import read_pylock, write_pylock
from trimtab.release.locks.reading import read_lock
from trimtab.release.locks.value import LockedFile, LockedPackage

HASH = "c" * 64
VARIABLES = dict.fromkeys(
    ("extra", "implementation_name", "implementation_version", "os_name", "platform_machine",
     "platform_python_implementation", "platform_release", "platform_system", "platform_version", "sys_platform"), "",
) | {"python_full_version": "3.11.7", "python_version": "3.11"}  # fmt: skip
SOUND = {
    "pylock.toml": f"""\
lock-version = "1.0"
requires-python = ">=3.11"
environments = ["python_version > '3'"]
default-groups = ["main"]
[[packages]]
name = "one"
version = "1.0"
marker = "'main' in dependency_groups"
wheels = [{{ name = "one-1.0-py3-none-any.whl", url = "https://files.example/one", hashes = {{ sha256 = "{HASH}" }} }}]
[packages.tool.trimtab]
records = ["sha256:{HASH}"]
""",
    "uv.lock": f"""\
version = 1
requires-python = ">=3.11"
[[package]]
name = "project"
source = {{ virtual = "." }}
dependencies = [{{ name = "one", extra = ["x"], marker = "python_version > '3'" }}]
[package.dev-dependencies]
dev = [{{ name = "one" }}]
[[package]]
name = "one"
version = "1.0"
source = {{ registry = "https://index.example" }}
resolution-markers = ["python_version > '3'"]
wheels = [{{ url = "https://files.example/one-1.0-py3-none-any.whl", hash = "sha256:{HASH}" }}]
[package.optional-dependencies]
x = [{{ name = "one" }}]
""",
    "requirements": f"""\
one==1.0 ; python_version > "3" \\
    --hash=sha256:{HASH}
two @ https://files.example/two-2-py3-none-any.whl --hash=sha256:{HASH}
""",
}
VALUES = st.sampled_from(
    ['"text"', "5", "true", "[]", "[5]", "{}", '["a"]', "{ a = 5 }", "[{}]", "[{ a = 5 }]", "1.5", '""']
)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


def attempt(content: bytes, kind: str) -> None:
    try:
        locked = read_lock(content, kind)
        if locked is not None:
            choose(locked, VARIABLES)
    except InputError:
        pass


@given(st.sampled_from(sorted(SOUND)), st.data())
def test_a_line_that_was_changed_or_cut_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    lines = SOUND[kind].splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    key, equals, _ = lines[place].partition(" = ")
    if equals and data.draw(st.booleans()):
        lines[place] = f"{key} = {data.draw(VALUES)}"
    else:
        line = lines[place]
        start = data.draw(st.integers(0, len(line)))
        lines[place] = line[:start] + data.draw(st.text(max_size=4)) + line[start + data.draw(st.integers(0, 6)) :]
    attempt("\n".join(lines).encode("utf-8", "replace"), kind)


@given(st.sampled_from(sorted(SOUND)), st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(kind: str, content: bytes) -> None:
    attempt(content, kind)


@given(st.dictionaries(NAMES, st.tuples(st.integers(0, 99), st.booleans(), st.text(max_size=8)), max_size=5))
def test_what_is_written_is_read_as_it_was(drawn: dict[str, tuple[int, bool, str]]) -> None:
    packages = []
    for name, (version, by_address, odd) in drawn.items():
        place = f"wheels/{odd}/{name}" if not by_address else ""
        file = LockedFile(
            name=f"{name}-{version}-py3-none-any.whl",
            hashes=(f"sha256:{HASH}",),
            url=f"https://files.example/{odd}" if by_address else "",
            path=place,
            size=version,
        )
        packages.append(LockedPackage(name=name, version=str(version), files=(file,)))
    read = read_pylock(write_pylock(packages, python="3.11")).packages
    assert [(each.name, each.version, each.files) for each in read] == [
        (each.name, each.version, each.files) for each in sorted(packages, key=lambda package: package.name)
    ]
