"""From a trained policy to a robot: graphs of fixed shape that compute what the policy computes."""
