"""A release as the router knows it: its contract and the line to its worker, never its model.

The contract is read from the release itself, and its bytes are checked against the manifest and the manifest against
the release's name: a request is checked by what was signed, not by what lies in the project's folder today.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trimtab.base.digest import Digest, digest_bytes, short
from trimtab.base.errors import IntegrityError, NotFoundError
from trimtab.data.contract import parse_contract
from trimtab.data.kinds import ColumnType
from trimtab.data.request import CheckedRow, Refusal, RowChecker
from trimtab.data.scalar import Fault, key_text, read_scalar
from trimtab.data.schema import Contract
from trimtab.records.versioned import decode
from trimtab.release.manifest import CONTRACT_FILE, MANIFEST_FILE, Manifest
from trimtab.serve.layout import EndpointFiles
from trimtab.serve.link import WorkerLink
from trimtab.serve.metrics import Metrics

Given = bytes | msgspec.Raw | Mapping[str, object]
"""A row as it came: JSON text, or values that another protocol has decoded."""


_PLAIN_KEYS = frozenset({ColumnType.TEXT, ColumnType.INTEGER})


class Rules:
    """A contract, compiled."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.columns = tuple(column.name for column in contract.features)
        self._checker = RowChecker(contract)
        self._key = contract.key
        self._key_decoder = None
        if contract.key is not None:
            field = msgspec.defstruct("Key", [("key", str | int | float | None, None)], rename={"key": contract.key})
            self._key_decoder = msgspec.json.Decoder(field)

    def check(self, given: Given) -> CheckedRow | Refusal:
        """The row's values, or everything that is wrong with it."""
        if isinstance(given, bytes | msgspec.Raw):
            return self._checker.row(given)
        return self._checker.mapping(given)

    def key(self, given: Given) -> str | None:
        """The key of a row that was refused, as text; None for a key that only a check could put into words."""
        column = None if self._key is None else self.contract.column(self._key)
        return self.unit(given) if column is not None and column.type in _PLAIN_KEYS else None

    def label_key(self, key: object) -> str | Fault:
        """A label's key as the log has keys: an integer in decimal, a time as ISO 8601 in UTC, whatever was sent."""
        kind = None if self._key is None else self.contract.column(self._key).type
        if isinstance(key, str) and kind is ColumnType.INTEGER and key.removeprefix("-").isdecimal():
            key = int(key)
        elif isinstance(key, int) and not isinstance(key, bool) and kind in (None, ColumnType.TEXT):
            key = str(key)
        read = read_scalar(kind or ColumnType.TEXT, key, self.contract.zone)
        return read if isinstance(read, Fault) else key_text(kind or ColumnType.TEXT, read)

    def unit(self, given: Given) -> str | None:
        """The row's key, read without a check, to pick the variant whose contract then checks the row."""
        if self._key is None or self._key_decoder is None:
            return None
        if isinstance(given, bytes | msgspec.Raw):
            try:
                value: object = msgspec.structs.astuple(self._key_decoder.decode(given))[0]
            except (msgspec.DecodeError, ValueError):
                return None
        else:
            value = given.get(self._key)
        return None if value is None else str(value)


class Served:
    """A release behind the endpoint. ``outstanding`` counts its rows that are not in the log yet."""

    def __init__(self, release: str, manifest: Manifest, rules: Rules, link: WorkerLink) -> None:
        self.release = release
        self.short = short(release)
        self.manifest = manifest
        self.rules = rules
        self.link = link
        self.outstanding = 0


class Releases:
    """The releases that the router has opened, by digest. Equal contracts are compiled once."""

    def __init__(self, files: EndpointFiles, metrics: Metrics) -> None:
        self._files = files
        self._metrics = metrics
        self._rules: dict[Digest, Rules] = {}
        self.opened: dict[str, Served] = {}

    def open(self, release: str) -> Served:
        """The release, opened if it is not yet.

        Raises:
            NotFoundError: the release is not in the state folder.
            IntegrityError: its manifest or its contract is not what its name says.
        """
        if release in self.opened:
            return self.opened[release]
        folder = self._files.bundle(release)
        try:
            content = (folder / MANIFEST_FILE).read_bytes()
            contract = (folder / CONTRACT_FILE).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(
                f"release {short(release)} is not here", fix="Pack it again, or restore its folder.", at=str(folder)
            ) from error
        manifest = decode(Manifest, content, at=str(folder / MANIFEST_FILE))
        digest = digest_bytes(contract)
        if digest_bytes(content) != release or manifest.files.get(CONTRACT_FILE) != digest:
            raise IntegrityError(
                f"release {short(release)} was changed after it was packed",
                fix="Restore its folder from a copy, or pack it again.", at=str(folder),
            )  # fmt: skip
        if digest not in self._rules:
            self._rules[digest] = Rules(parse_contract(contract.decode(), at=str(folder / CONTRACT_FILE)))
        rules = self._rules[digest]
        link = WorkerLink(release, self._files.worker(release), rules.columns, self._metrics)
        served = self.opened[release] = Served(release, manifest, rules, link)
        return served

    def poll(self, now: float) -> None:
        """Look after every line; ``now`` is monotonic seconds."""
        for served in tuple(self.opened.values()):
            served.link.poll(now)

    def close_unused(self, needed: set[str]) -> None:
        """Hang up on the workers of releases that no table names and no row waits for."""
        for release in [name for name in self.opened if name not in needed]:
            served = self.opened.pop(release)
            served.link.close()
