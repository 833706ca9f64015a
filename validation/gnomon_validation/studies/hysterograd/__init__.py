"""HysteroGrad: its published runs and arithmetic, how long its gate stays open, and what it claims."""
