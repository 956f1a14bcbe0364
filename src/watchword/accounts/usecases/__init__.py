"""What can be asked of accounts: a module for each kind of question."""
