"""The checker: holds any port against the specification and says right, imprecise or wrong, why, and on which case."""

from gnomon_validation.pytest_items import conformance

__all__ = ["conformance"]
