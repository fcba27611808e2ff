"""Text of one locale: prompt files, lexicon, skeletons, slot values and names."""
