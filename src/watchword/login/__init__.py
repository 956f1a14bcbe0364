"""Logging in: one dispatcher decides the next step, authenticators take the steps, a session remembers the outcome.

A protocol hands over what somebody asks for and gets back who was proven how; it never sees a password or a code. The
state of a login is one sealed row, found by the key in the address together with a cookie of the browser that began it.
"""
