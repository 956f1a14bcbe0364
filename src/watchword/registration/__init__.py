"""Sign people up, ask them to confirm, and prove a new address before it takes the place of the old."""
