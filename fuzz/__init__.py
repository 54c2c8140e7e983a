"""Fuzzing: ``make fuzz``. Targets under Atheris or a plain loop, damaged messages, comparison with pyiso8583."""
