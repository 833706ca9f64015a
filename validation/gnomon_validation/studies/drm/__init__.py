"""Distortion risk measures: worst cases of known mean and variance, and what is often said of them."""
