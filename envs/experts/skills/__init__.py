"""One skill a file, each a generator of actions over an `Arm`."""
