"""Great Expectations: its suites read into contracts and written from them, and its own library run on a table.

Reading and writing need no Great Expectations: a suite of version 1 is a JSON document. Only `running` imports it
(``trimtab[great-expectations]``), where it is used.
"""

from __future__ import annotations

from trimtab.drivers.great_expectations.running import run_suite
from trimtab.drivers.great_expectations.suite_reader import read_suite
from trimtab.drivers.great_expectations.suite_writer import write_suite

__all__ = ["read_suite", "run_suite", "write_suite"]
