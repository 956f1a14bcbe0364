"""Tenants, and the policies by which each of them runs.

A tenant has users, applications and policies of its own. This slice knows which tenants there are, what each has
decided, and where a decision comes from when a tenant has made none: the operator's files, then the default of the
profile.
"""
