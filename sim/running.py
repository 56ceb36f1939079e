"""Runs a scenario at one fidelity."""
