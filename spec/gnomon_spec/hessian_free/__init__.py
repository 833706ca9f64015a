"""Specification of Hessian-free optimization, part by part."""
