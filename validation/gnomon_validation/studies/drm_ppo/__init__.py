"""DRM-PPO: what simple orders return, what training for the mean or for a tail makes of it, and what was published."""
