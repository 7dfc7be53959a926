"""A local web page that shows uploaded crystals, predicts their conductivity and explains the prediction."""
