"""What can be wrong with a contract's file or with a table; each kind has a code that stays."""

from __future__ import annotations

from trimtab.base.errors import InputError


class ContractError(InputError):
    """A mistake in a contract's file."""

    code = "TT1201"


class ContractSyntaxError(ContractError):
    """The contract's file is not TOML."""

    code = "TT1202"


class TableError(InputError):
    """A table that no contract can be made of, or that does not keep its contract."""

    code = "TT1203"
