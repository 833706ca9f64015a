"""What of `gnomon.descent.egd` does not spend its time in LAPACK: iterations on small matrices, columns, toy runs."""
