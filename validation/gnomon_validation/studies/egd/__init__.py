"""What was published about egalitarian gradient descent, run again, and where its theory can be followed."""
