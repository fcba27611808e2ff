"""Write a shop's four tables (DESIGN.md §8) from the files that it has."""
