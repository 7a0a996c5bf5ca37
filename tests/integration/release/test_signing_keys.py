"""One key per user, made once, seen by its owner only."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trimtab.base.errors import InputError
from trimtab.drivers.signing_keys import (
    UnsafeKeyError,
    config_folder,
    signing_key,
    trusted_folder,
    trusted_keys,
)
from trimtab.release.signature import key_id, public_key_of, sign, verify


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_made_on_first_use_and_kept(trimtab_home: Path) -> None:
    assert config_folder() == trimtab_home
    assert trusted_keys() == {}
    key = signing_key()
    assert signing_key() == key
    assert mode(trimtab_home / "keys" / "signing.key") == 0o600
    assert mode(trimtab_home / "keys") == 0o700
    public = public_key_of(key)
    assert trusted_keys() == {key_id(public): public}
    verify(b"content", sign(b"content", key), trusted_keys())


def test_a_replaced_key_leaves_the_old_releases_trusted(trimtab_home: Path) -> None:
    old = signing_key()
    (trimtab_home / "keys" / "signing.key").unlink()
    new = signing_key()
    assert new != old
    assert set(trusted_keys()) == {key_id(public_key_of(old)), key_id(public_key_of(new))}


def test_processes_that_start_at_once_share_one_key(trimtab_home: Path) -> None:
    program = "from trimtab.drivers.signing_keys import signing_key; print(signing_key().hex())"
    started = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    keys = {process.communicate(timeout=60)[0].strip() for process in started}
    assert keys == {signing_key().hex()}
    assert len(list(trusted_folder().iterdir())) == 1


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o622])
def test_a_key_that_others_may_read_or_change_is_refused(bits: int, trimtab_home: Path) -> None:
    signing_key()
    (trimtab_home / "keys" / "signing.key").chmod(bits)
    with pytest.raises(UnsafeKeyError, match=f"has the mode {bits:04o}, so others may have copied it.*\n.*chmod 600"):
        signing_key()


def test_a_folder_that_others_may_write_to_is_refused(trimtab_home: Path) -> None:
    signing_key()
    (trimtab_home / "keys").chmod(0o770)
    with pytest.raises(UnsafeKeyError, match="others may put another signing key in this one's place"):
        signing_key()


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_refused(content: bytes, trimtab_home: Path) -> None:
    signing_key()
    (trimtab_home / "keys" / "signing.key").write_bytes(content)
    with pytest.raises(UnsafeKeyError, match="this is not an Ed25519 private key"):
        signing_key()


def test_a_trusted_file_that_is_no_key_is_refused(trimtab_home: Path) -> None:
    signing_key()
    (trusted_folder() / "them.pub").write_text("hello")
    with pytest.raises(InputError, match=r"them\.pub: this is not an Ed25519 public key"):
        trusted_keys()


def test_the_folder_follows_the_users_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "shared"))
    monkeypatch.setenv("TRIMTAB_HOME", str(tmp_path / "own"))
    assert config_folder() == tmp_path / "own"
    monkeypatch.delenv("TRIMTAB_HOME")
    assert config_folder() == tmp_path / "shared" / "trimtab"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_folder() == tmp_path / ".config" / "trimtab"
