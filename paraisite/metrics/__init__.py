"""Numbers on arrays: errors of kappa, agreement, bootstrap intervals, tests of significance."""
