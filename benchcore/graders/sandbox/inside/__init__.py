"""What runs in the lean processes of a worker: the trusted runner, the zygote, and the candidate it forks."""
