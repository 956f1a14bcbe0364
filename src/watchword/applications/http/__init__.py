"""Applications and identity providers over REST (platform.md 5.2 and 5.3)."""
