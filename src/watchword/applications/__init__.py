"""Who relies on us, and whom we trust: applications with their service providers, identity providers, sequences.

A slice of objects that administrators describe, by REST, by files and by ``watchword apply``; logging in and the
protocols read them, and none of them knows a login.
"""
