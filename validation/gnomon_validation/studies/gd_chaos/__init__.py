"""Studies and claims of gradient descent with large steps."""
