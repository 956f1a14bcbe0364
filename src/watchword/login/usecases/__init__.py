"""What can be asked of logging in: begin, answer, look, read the result; list and end sessions."""
