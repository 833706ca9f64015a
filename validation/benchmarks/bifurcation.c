/* y <- y (1 - a/(1+y^2)) for many a: the loop and the memory layout of gnomon.kernels.descent.srkl_map, in C. */

enum { WIDTH = 256 };

/* start, ratio: (orbits,). points: (kept, orbits), what follows the first burn_in steps. */
void attractor(const double *restrict start, const double *restrict ratio, double *restrict points, long orbits,
               long burn_in, long kept)
{
    double y[WIDTH];
    for (long first = 0; first < orbits; first += WIDTH) {
        const long width = orbits - first < WIDTH ? orbits - first : WIDTH;
        const double *restrict a = ratio + first;
        for (long i = 0; i < width; i++)
            y[i] = start[first + i];
        for (long t = 0; t < burn_in + kept; t++) {
            for (long i = 0; i < width; i++)
                y[i] = y[i] * (1 - a[i] / (1 + y[i] * y[i]));
            if (t >= burn_in)
                for (long i = 0; i < width; i++)
                    points[(t - burn_in) * orbits + first + i] = y[i];
        }
    }
}
