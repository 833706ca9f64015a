"""The descent methods as compiled loops, one file a method, as in `gnomon.descent`."""
