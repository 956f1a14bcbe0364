"""What can be asked of applications and identity providers: make, read, list, change, remove."""
