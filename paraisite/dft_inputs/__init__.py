"""To check a prediction: inputs for first-principles forces as Togo15 has them, and a potential's answer in minutes."""
