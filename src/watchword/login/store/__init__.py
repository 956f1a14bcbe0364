"""The rows of logging in: logins that are under way, the codes that they asked for, and sessions."""
