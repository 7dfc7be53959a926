"""MLflow runs and the model registry; nothing else imports mlflow."""
