"""What can be asked of registration, a file per thing that a person does."""
