"""The two engines: the probe looks inside a run, the game asks again with parts absent."""
