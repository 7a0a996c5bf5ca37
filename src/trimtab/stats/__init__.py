"""Pure statistics: intervals, bootstrap, confidence sequences, metrics; each with its source."""
