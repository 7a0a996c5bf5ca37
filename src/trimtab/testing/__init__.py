"""Public fakes of every port and the conformance suites that drivers must pass."""
