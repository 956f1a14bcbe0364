"""The sample application: a service provider as a stranger would write it, who reads our metadata and knows no more.

It is meant to be copied: ``saml.py`` says what it sends and believes, ``application.py`` is its pages and sessions. It
imports nothing of the server, and the server nothing of it; the demo starts it on port 8080, and so does
``python -m watchword.sample`` beside any server.
"""
