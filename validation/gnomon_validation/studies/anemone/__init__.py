"""Published results about anemone, run again, and its claims."""
