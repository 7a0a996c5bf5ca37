"""What a step reads while it runs without having declared it, and running it in another world."""

from trimtab.drivers.observation.ledger import Watch
from trimtab.drivers.observation.observed import Observed, Sighting
from trimtab.drivers.observation.observer import Observer

__all__ = ["Observed", "Observer", "Sighting", "Watch"]
