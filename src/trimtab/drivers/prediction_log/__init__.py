"""The prediction log's reading end: its records as they come, and its rows as columns."""

from trimtab.drivers.prediction_log.index import Joined, LogIndex
from trimtab.drivers.prediction_log.reader import LogReader, Position

__all__ = ["Joined", "LogIndex", "LogReader", "Position"]
