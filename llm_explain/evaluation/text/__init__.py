"""Text as text: how varied, how readable and how likely sentences are, whatever they say."""
