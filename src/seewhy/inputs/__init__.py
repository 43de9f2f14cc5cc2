"""Reading what a person gives: files, arrays, tensors, folders."""
