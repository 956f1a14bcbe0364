"""The algorithms that a service provider may be given (platform.md 1.3)."""

SIGNATURES = (
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
)
LEGACY_SIGNATURES = ("http://www.w3.org/2000/09/xmldsig#rsa-sha1",)
DIGESTS = (
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
)
LEGACY_DIGESTS = ("http://www.w3.org/2000/09/xmldsig#sha1",)
ENCRYPTIONS = (
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes192-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
)
KEY_ENCRYPTIONS = (
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
)
"""The first of each is the server's default."""
