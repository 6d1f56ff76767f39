"""What the fuzzing bench feeds: one module for each parser, each with `one_input(data)`."""
