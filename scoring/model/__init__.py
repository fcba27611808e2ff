"""Model: the additive scorer as a torch module."""
