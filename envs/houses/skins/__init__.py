"""Meshes of other packages in place of the primitives that assets are drawn with."""
