"""Stress: what stops, when, and how far a loss travels.

`reshore.stress.cascade` is the engine for firm-level networks; it compiles its kernels, so it is imported on its own.
"""
