"""Policies and tenants over REST (platform.md 3.2, 4.1)."""
