"""Published results, recomputed: studies (a table and a picture each) and the ledger of claims, one folder a system."""
