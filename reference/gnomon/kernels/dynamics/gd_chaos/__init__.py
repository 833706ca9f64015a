"""Large-step gradient descent as compiled loops: many starts side by side, and boxes of a picture."""
