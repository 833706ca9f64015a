"""Persistence as compiled loops over whole numbers: cells by their places in the filtration, never their values."""
