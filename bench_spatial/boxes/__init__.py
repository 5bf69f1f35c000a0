"""Average precision of oriented 3D boxes."""
