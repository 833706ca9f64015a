"""Homotopy learning rates as compiled loops: whole runs on quadratics; single calls are a few numbers and need none."""
