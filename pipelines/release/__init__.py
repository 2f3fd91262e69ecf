"""What a version was made from and why it was let in: written once, and everything that reads it."""
