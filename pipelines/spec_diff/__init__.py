"""What a change of declarations means, in words: `page` puts together what the other modules find."""
