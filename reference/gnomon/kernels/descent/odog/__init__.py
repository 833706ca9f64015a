"""Compiled searches by ODOG: the same names as in the reference."""
