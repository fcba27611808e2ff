"""How good the texts are, measured: true sentences, and the same made false."""
