"""A translator that blurs and a recognizer of class centroids."""
