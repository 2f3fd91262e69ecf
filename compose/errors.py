"""What stands in the way of a command, said so that its reader knows the next one."""


class StackProblem(Exception):
    """The caller has to change something, or a part of the stack did not come up."""
