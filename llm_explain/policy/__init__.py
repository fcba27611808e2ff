"""Policy: what may be said, what is sensitive, and what a user does not want to be told."""
