"""What happened and what is wanted, as versioned values.

A record is a frozen msgspec Struct whose JSON carries ``"schema": "trimtab.<name>/<version>"``. Records are what
stations hand to each other and what outlives a process, so nothing here knows a database, a file or a clock.
"""
