"""Which settings the fine-tuning goes best with: an Optuna study on inner folds alone."""
