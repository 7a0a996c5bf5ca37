"""Hamilton asks for all of ``steps.py`` in this folder, with its cache: ``python hamilton_changes.py [STEP …]``.

The steps that are named are computed every time. All values go to standard output, as JSON. Inputs of the graph are
what ``parameters.json`` says, and ``mode`` from the environment.
"""

import inspect
import json
import os
import sys
from pathlib import Path

from hamilton import driver

sys.path.insert(0, str(Path.cwd()))
import steps

asked = [name for name, each in vars(steps).items() if inspect.isfunction(each) and each.__module__ == "steps"]
inputs = json.loads(Path("parameters.json").read_text()) | {"mode": os.environ["MODE"]}
built = driver.Builder().with_modules(steps).with_cache(path=".hamilton_cache", recompute=sys.argv[1:] or None).build()
print(json.dumps(built.execute(asked, inputs=inputs)))
