"""Campaigns: the same units of work as a check's, for hours, on Dask, with all that was ever found in one file."""
