"""Oriented 3D boxes: corners from nine numbers, exact overlap, and average precision."""
