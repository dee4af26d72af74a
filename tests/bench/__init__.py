"""The benchmarks, as short as can be: what they print can be read."""
