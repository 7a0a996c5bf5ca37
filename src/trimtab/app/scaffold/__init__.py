"""What ``trimtab new`` writes: the files of a small project, and the simulator that makes its sample data."""
