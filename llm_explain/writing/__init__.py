"""Writing: choose, fill and verify one sentence for each explanation."""
