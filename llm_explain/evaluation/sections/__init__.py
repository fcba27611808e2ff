"""The sections of the report, one file each: what is run, on how much, and what is kept of it."""
