"""The compiler's intermediate representation: operations, builder, text form, legality check."""
