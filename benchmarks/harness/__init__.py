"""What the benchmarks share: the table, synthetic clouds, servers and a browser that takes the time."""
