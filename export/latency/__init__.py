"""How long does a bundle take, and how long must it take?"""
