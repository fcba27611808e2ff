"""Pictures of items become ``embedding_*`` columns of the items table (docs/pictures.md)."""
