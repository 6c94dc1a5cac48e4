"""The run time of tracing: what a script's values look like as text and as JSON."""
