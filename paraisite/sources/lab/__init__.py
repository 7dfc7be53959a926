"""The project's own labels: structures by decoration of prototypes, values from a machine-learned potential."""
