"""Write a shop's four tables (docs/design.md §8) from the files that it has."""
