"""Hill-ADAM: where it ends beside Adam, on losses with known minima and on its published colour correction."""
