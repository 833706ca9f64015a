"""What persistence says of landscapes and of clouds, and what it does not: pictures, figures, claims."""
