"""An identity server that signs people up, proves that they hold a phone or a mailbox, and lets them in."""
