"""A SAML 2.0 identity provider: it reads what service providers ask, has a person logged in, and answers with a proof.

One message goes one way: *reading* (octets to a tree), *messages* (a tree to a value), *checking* (whether it may ask
that), the login, *building* (values to a tree), *sealing* (a signature over it, or encryption), and a page that carries
it. What must not be trusted is dropped at the first of these, and never looked at again.
"""
