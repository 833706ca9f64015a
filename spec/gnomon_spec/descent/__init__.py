"""The descent methods' specifications, one module a method."""
