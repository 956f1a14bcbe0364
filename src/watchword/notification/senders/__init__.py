"""How a message leaves the house: the one guarded fetcher for outgoing URLs, and the senders by HTTP and SMTP."""
