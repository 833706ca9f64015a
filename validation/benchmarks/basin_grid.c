/* Where gradient descent ends, for many starts: the loop of gnomon.kernels.dynamics.gd_chaos.outcomes, in C. */

enum { WIDTH = 512, ORIGIN = 1, PLUS = 2, MINUS = 3, DIVERGED = 4 };

/* u, v: (starts,). labels, steps: (starts,), filled before with 0 and max_steps. y >= 0; 1 - mu is c. */
void settle(const double *restrict u, const double *restrict v, signed char *restrict labels, int *restrict steps,
            long starts, long max_steps, double Y, double mu, double root, double small, double least, double escape)
{
    double alpha[WIDTH], beta[WIDTH];
    long place[WIDTH];
    const double c = 1 - mu;
    for (long first = 0; first < starts; first += WIDTH) {
        long active = starts - first < WIDTH ? starts - first : WIDTH;
        for (long i = 0; i < active; i++) {
            place[i] = first + i;
            alpha[i] = root * (u[first + i] + v[first + i]);
            beta[i] = root * (u[first + i] - v[first + i]);
        }
        for (long t = 0; t <= max_steps && active; t++) {
            long kept = 0;
            for (long i = 0; i < active; i++) {
                const double a = alpha[i], b = beta[i], A = a * a, B = b * b;
                const double R = (A - B) * 0.25 - Y, W = (A + B) * 0.5;
                const double slope = ((mu + R) * (mu + R) * A + (mu - R) * (mu - R) * B) * 0.5;
                const long at = place[i];
                if (W <= escape && slope > small) {
                    alpha[kept] = (c - R) * a;
                    beta[kept] = (c + R) * b;
                    place[kept++] = at;
                    continue;
                }
                steps[at] = (int)t;
                labels[at] = !(W <= escape) ? DIVERGED : W < least ? ORIGIN : a >= 0 ? PLUS : MINUS;
            }
            active = kept;
        }
    }
}
