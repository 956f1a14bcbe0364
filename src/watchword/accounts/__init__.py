"""Users, their claims, passwords and user stores; and the clients that call the server as machines."""
