"""REG: Muon with a scaling of rows and columns in the place of the polar factor; and another operator of that name."""
