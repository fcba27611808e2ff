"""Faithful to the model: what happens to a score when what an explanation names is deleted, or is all that is left."""
