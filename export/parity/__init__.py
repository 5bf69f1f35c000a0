"""Does a bundle compute what the policy computes?"""
