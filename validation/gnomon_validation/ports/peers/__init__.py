"""Libraries that compute curvature, as ports: each module has functions named after operations, as any port has.

A module is imported when its port is asked for. Nothing is checked here on behalf of a library: what it accepts, it
accepts. The ports in `torch_func` are not a library's functions but programs written with its transforms, as its users
write them; those check their arguments.
"""
