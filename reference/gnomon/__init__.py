"""The oracle: plain NumPy references of gradient methods that use curvature, geometry or risk.

One file a method under `descent/`; problems with known answers in `objectives`, their derivatives in
`derivatives`; the same operations as compiled loops in `kernels`.
"""
