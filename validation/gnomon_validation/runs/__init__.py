"""How a check is run: units of work, who performs them, and what is kept of what they found."""
