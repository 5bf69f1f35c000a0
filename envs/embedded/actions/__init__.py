"""The actions of AI2-THOR that the embedded simulator knows, by what they are about."""
