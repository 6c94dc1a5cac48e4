"""What users declare: integers, strings, structs, maps, probes; and what they call inside probes."""
