"""Specifications of the curvature estimators and of the products that they are made of."""
