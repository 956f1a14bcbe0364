"""What can be asked of SAML: log in, log out, describe ourselves, and change the keys that we sign with."""
