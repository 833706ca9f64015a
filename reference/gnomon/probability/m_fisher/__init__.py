"""M-FISHER: an exponential martingale watches scores, and after an alarm a prompt moves along natural gradients.

Source: Khan & Syed, "Technical note on Sequential Test-Time Adaptation via Martingale-Driven Fisher Prompting", arXiv
2510.03839, of which the abstract was read; its repository has no code of the method. Every formula here is rebuilt from
the standard theory: exponential tilting, Ville, Wald, conformal test martingales, Amari's natural gradient.
"""
