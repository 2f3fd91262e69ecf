"""The inventory of models: what web pages and scripts show of the store, without any library that trains or serves."""
