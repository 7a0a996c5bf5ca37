"""The project's own code: imported from its source, called, and its errors shown as the user's own."""

from trimtab.drivers.user_code.errors import user_errors
from trimtab.drivers.user_code.from_source import forget_byte_code
from trimtab.drivers.user_code.loading import (
    LoadedFunctions,
    ModuleProblemError,
    load_functions,
    load_module,
    loaded_files,
    own_modules,
)
from trimtab.drivers.user_code.places import module_file

__all__ = [
    "LoadedFunctions",
    "ModuleProblemError",
    "forget_byte_code",
    "load_functions",
    "load_module",
    "loaded_files",
    "module_file",
    "own_modules",
    "user_errors",
]
