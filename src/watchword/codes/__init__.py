"""One-time codes: how they look, how long they live, and the one statement that counts a try before it compares."""
