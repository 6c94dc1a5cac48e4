"""The kernel backend: programs, maps, links and events of the running Linux kernel."""
