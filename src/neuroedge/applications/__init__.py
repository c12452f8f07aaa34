"""Small, complete things to do with a network, useful by themselves."""
