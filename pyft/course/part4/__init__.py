"""What all of Part 4 shares: mutants and their costs, and timings."""
