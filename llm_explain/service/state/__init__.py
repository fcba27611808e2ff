"""What the service keeps: SQLite beside the process, or PostgreSQL for several processes."""
