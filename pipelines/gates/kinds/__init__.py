"""One file a family of gates; a file put here is found, and its gates can be named in any model's spec."""
