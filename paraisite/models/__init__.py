"""The stacked MEGNet network, its heads, scalers, checkpoints and interchange with megnet."""
