"""Text against attributions: what a sentence says, and whether it is what drove the score."""
