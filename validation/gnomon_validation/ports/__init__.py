"""What a port is, and how implementations of different kinds become one."""
