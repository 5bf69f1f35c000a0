"""Spatial questions with answers from privileged state, one small pure function a skill."""
