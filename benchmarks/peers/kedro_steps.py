"""Kedro runs the functions of ``steps.py`` in this folder, in memory: ``python kedro_steps.py``."""

import inspect
import sys
from pathlib import Path

from kedro.io import DataCatalog
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner

sys.path.insert(0, str(Path.cwd()))
import steps

functions = [each for name, each in vars(steps).items() if inspect.isfunction(each)]
nodes = [node(each, list(inspect.signature(each).parameters) or None, each.__name__) for each in functions]
SequentialRunner().run(pipeline(nodes), DataCatalog())
