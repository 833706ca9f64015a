"""Studies and claims of paths of training."""
