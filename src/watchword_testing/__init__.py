"""The test kit: what stands around a server while it is put to the test.

Sinks that take its messages, faults that break it on purpose, and a player for conformance cases. It lives in the
repository and never in the wheel, since a server that can find it can be broken by whoever can write its settings.
"""
