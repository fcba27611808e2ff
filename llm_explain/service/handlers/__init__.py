"""What the routes do: handlers return plain JSON values and know nothing of HTTP."""
