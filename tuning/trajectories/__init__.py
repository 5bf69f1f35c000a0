"""Cameras on their way: walks through houses, orbits around tables."""
