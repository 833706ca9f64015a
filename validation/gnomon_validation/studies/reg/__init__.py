"""What can be found out about REG without its paper: conditioning, Muon beside it, and a small fine-tuning."""
