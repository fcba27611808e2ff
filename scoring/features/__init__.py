"""Features: statistics of the snapshot and what the model reads of users and items."""
