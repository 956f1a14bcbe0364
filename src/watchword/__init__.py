"""Watchword signs people up, proves that they hold a phone or a mailbox, and lets them in with a second factor.

It speaks the self-registration API, the configuration files and the login parameters of WSO2 Identity Server 5.10 and
later, and it never loses sight of a code between "we handed it over" and "the person typed it".
"""
