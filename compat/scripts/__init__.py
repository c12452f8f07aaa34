"""Import path of the tutorial; its board helpers come with a later version."""
