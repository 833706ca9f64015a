"""Hill-ADAM: where it ends beside Adam, on losses with known minima and on the colour correction that it was made for."""
