"""What every slice stands on: clock, entropy, problems, settings, log and seal; nothing here knows what a user is."""
