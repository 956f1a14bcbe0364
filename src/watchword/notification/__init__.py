"""Messages to people: rendered in the caller's transaction, kept sealed in an outbox, handed over by a courier."""
