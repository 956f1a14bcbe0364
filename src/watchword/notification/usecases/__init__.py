"""What can be asked of the texts and the senders that a tenant has of its own."""
