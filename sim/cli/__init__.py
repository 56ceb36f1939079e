"""Commands of the simulator, plug-ins of `grapevine`. What is heavy is imported when called."""
