Trained=trained=None
