"""What the loop sees: the log as windows, findings and the evidence of a rollout's step.

Each window is summarised once and kept; what is asked again after a restart is read from the records. Everything is
cut at one moment: rows whose event was before it, labels that had arrived before it.
"""

from __future__ import annotations

