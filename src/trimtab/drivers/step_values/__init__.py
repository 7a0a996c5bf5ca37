"""What steps return, kept by content: values as files named by their digests, and results under keys.

A step's value passes to the next one as what it is: a table stays a table, an estimator an estimator. It is written
once in a canonical form, and whoever needs it gets it opened from there, so that a result of this run and one of last
week are the same bytes. Nothing is pickled.

Importing this package loads no library for data: each is met where its values are. What keeps the cache small is not
loaded either: `trimtab.drivers.step_values.trim`.
"""

from trimtab.drivers.step_values.problems import DamagedValueError as DamagedValueError
from trimtab.drivers.step_values.problems import UnkeepableValueError as UnkeepableValueError
from trimtab.drivers.step_values.problems import UnstableSerialiserError as UnstableSerialiserError
from trimtab.drivers.step_values.registered import Serialiser as Serialiser
from trimtab.drivers.step_values.results import Results as Results
from trimtab.drivers.step_values.store import StepValues as StepValues
