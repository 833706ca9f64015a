"""Gradient descent with large steps on ½(u·v - y)² + (λ/2)(‖u‖² + ‖v‖²): where it converges, diverges, is chaotic.

In a = u + v and b = u - v a step is a⁺ = (c - R)·a, b⁺ = (c + R)·b with R = η(u·v - y) and c = 1 - ηλ: all that happens
is a map of two numbers, A = η‖a‖² and B = η‖b‖².
"""
