"""Python function → IR. Reads source text and resolved names; never a file, never the machine."""
