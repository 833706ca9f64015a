"""The scaling of rows and columns, compiled."""
