"""What the pages share that answer from the stored runs: sections 1.3, 9.1 and 9.5."""
