"""What of M-FISHER was claimed, run again."""
