"""What was published about homotopy learning rates, recomputed, and what the rule does where theorems are to be had."""
