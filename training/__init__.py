"""How the house model was made; reproducible, never imported by app or engine."""
