"""New houses: ProcTHOR's generator without Unity, and a small generator of our own."""
