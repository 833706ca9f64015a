/* Adam on a quadratic from many starts: the algorithm and the memory layout of gnomon.kernels.descent.adam, in C. */

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 64 };

/* grad = H (x - minimiser) for `width` points side by side; every matrix is (n, width), one coordinate a row. */
static void gradients(const double *restrict x, const double *restrict hessian, const double *restrict minimiser,
                      double *restrict displacement, double *restrict grad, long n, long width)
{
    for (long j = 0; j < n; j++)
        for (long r = 0; r < width; r++)
            displacement[j * width + r] = x[j * width + r] - minimiser[j];
    for (long i = 0; i < n; i++) {
        double *restrict sum = grad + i * width;
        for (long r = 0; r < width; r++)
            sum[r] = 0;
        for (long j = 0; j < n; j++)
            for (long r = 0; r < width; r++)
                sum[r] += hessian[i * n + j] * displacement[j * width + r];
    }
}

/* params, ends: (replicas, n). Returns 0, or 1 if there is no memory. */
int adam_endpoints(const double *params, const double *hessian, const double *minimiser, double *ends, long replicas,
                   long n, long steps, double lr, double beta1, double beta2, double eps)
{
    const long size = n * BLOCK;
    double *memory = malloc((size_t)(5 * size) * sizeof *memory);
    if (!memory)
        return 1;
    double *restrict x = memory, *restrict m = memory + size, *restrict v = memory + 2 * size;
    double *restrict grad = memory + 3 * size, *restrict displacement = memory + 4 * size;

    for (long start = 0; start < replicas; start += BLOCK) {
        const long width = replicas - start < BLOCK ? replicas - start : BLOCK;
        for (long i = 0; i < n; i++)
            for (long r = 0; r < width; r++) {
                x[i * width + r] = params[(start + r) * n + i];
                m[i * width + r] = v[i * width + r] = 0;
            }
        for (long t = 1; t <= steps; t++) {
            gradients(x, hessian, minimiser, displacement, grad, n, width);
            const double correction1 = 1 - pow(beta1, (double)t), correction2 = 1 - pow(beta2, (double)t);
            for (long k = 0; k < n * width; k++) {
                m[k] = beta1 * m[k] + (1 - beta1) * grad[k];
                v[k] = beta2 * v[k] + (1 - beta2) * (grad[k] * grad[k]);
                x[k] -= lr * (m[k] / correction1) / (sqrt(v[k] / correction2) + eps);
            }
        }
        for (long i = 0; i < n; i++)
            for (long r = 0; r < width; r++)
                ends[(start + r) * n + i] = x[i * width + r];
    }
    free(memory);
    return 0;
}
