"""Statistics: intervals, tests and curves. Pure functions of numbers; scipy is imported where it is used."""
