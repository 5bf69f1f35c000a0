"""Navigation tasks as data: what to do, in which house, from where, and how far it is."""
