"""Linux's means of confinement, by system call: namespaces, Landlock, seccomp, capabilities."""
