"""From a graph of a bundle to an engine for one chip."""
