"""What every layer shares and no layer owns: errors, digests, times, verdicts. It has no subject of its own."""
