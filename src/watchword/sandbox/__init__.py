"""A phone and a mailbox on a page, in place of every provider: for the demo, for development and for tests."""
