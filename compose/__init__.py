"""The stack that a team shares on one machine: docker-compose.yaml with its secrets, images, start and demo.

Nothing of the product imports this folder.
"""
