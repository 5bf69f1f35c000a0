"""Oriented 3D boxes: corners from nine numbers, and exact overlap."""
