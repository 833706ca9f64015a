"""The chain of DRM-PPO as a compiled loop."""
