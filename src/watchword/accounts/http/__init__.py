"""User stores and claim dialects over REST (platform.md 4.2, 4.3)."""
