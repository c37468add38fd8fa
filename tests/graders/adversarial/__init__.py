"""Programs that try to cheat, break out or break the machine, and fair ones that must not be taken for them."""
