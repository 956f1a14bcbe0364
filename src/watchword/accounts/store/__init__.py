"""Accounts as rows: a module for each kind."""
