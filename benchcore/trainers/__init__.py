"""The recipes that benchcore compares: one loop, an honest ledger, and a method a file."""
