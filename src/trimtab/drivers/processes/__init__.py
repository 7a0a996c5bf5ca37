"""Long work in child processes of this machine: `LocalProcesses`."""

from trimtab.drivers.processes.local import LocalProcesses

__all__ = ["LocalProcesses"]
