"""Who was named: mentions tied to people on the register, with a confidence and a reason."""
