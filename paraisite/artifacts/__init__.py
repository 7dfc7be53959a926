"""Where things are found and kept: data sets, initial weights, predictors, what stages leave."""
