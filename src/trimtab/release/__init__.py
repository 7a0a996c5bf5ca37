"""Release: an immutable, signed, self-testing model package. This package knows its shape and its proofs."""
