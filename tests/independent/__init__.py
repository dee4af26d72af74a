"""Our proofs, checked by programs that are not ours."""
