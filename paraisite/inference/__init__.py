"""Answers to others' questions: kappa of any crystal, with its interval and with what the model knows of its like."""
