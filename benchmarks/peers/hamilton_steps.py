"""Hamilton asks for the last function of ``steps.py`` in this folder, with its cache: ``python hamilton_steps.py``.

With ``fresh``, every node is computed, and its result kept, whatever is there.
"""

import inspect
import sys
from pathlib import Path

from hamilton import driver

sys.path.insert(0, str(Path.cwd()))
import steps

fresh = True if "fresh" in sys.argv[1:] else None
last = [name for name, each in vars(steps).items() if inspect.isfunction(each) and each.__module__ == "steps"][-1]
built = driver.Builder().with_modules(steps).with_cache(path=".hamilton_cache", recompute=fresh).build()
built.execute([last])
