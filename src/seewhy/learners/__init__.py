"""What must be trained: each learner's `fit` returns an artifact that methods and metrics take."""
