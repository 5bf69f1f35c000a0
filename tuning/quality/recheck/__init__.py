"""Answers computed a second time, from meshes and rays alone."""
