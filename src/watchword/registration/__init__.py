"""Sign people up, ask them to confirm, and let them in when they have; and prove a new address before it replaces the old."""
