"""Programs and libraries on this machine: where they are, and where their functions and probes begin."""
