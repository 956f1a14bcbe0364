"""The wire of a tenant's own texts and senders."""
