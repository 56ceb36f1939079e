"""Fidelity *graph*: everybody has heard everything, no messages, no time; arrays alone."""
