/* One core, no libraries: the same REML and DL fits in a plain loop.
 *
 * The limit that array code is compared with. Newton's method on tr(P) = y'PPy from zero,
 * halving towards the last point below the root when a step leaves it; one maximum, no search
 * for a second.
 */
#include <math.h>
#include <stddef.h>

static double dersimonian_laird(const double *y, const double *v, int k)
{
    double s = 0, s2 = 0, sy = 0, q = 0;
    for (int i = 0; i < k; i++) {
        double w = 1 / v[i];
        s += w;
        s2 += w * w;
        sy += w * y[i];
    }
    for (int i = 0; i < k; i++)
        q += (y[i] - sy / s) * (y[i] - sy / s) / v[i];
    double t = (q - (k - 1)) / (s - s2 / s);
    return t > 0 ? t : 0;
}

static double reml(const double *y, const double *v, int k)
{
    double t = 0, low = 0, high = INFINITY, least = INFINITY;
    for (int i = 0; i < k; i++)
        least = fmin(least, v[i]);
    for (int step = 0; step < 100; step++) {
        double s = 0, s2 = 0, s3 = 0, sy = 0;
        for (int i = 0; i < k; i++) {
            double w = 1 / (v[i] + t);
            s += w;
            s2 += w * w;
            s3 += w * w * w;
            sy += w * y[i];
        }
        double up = 0, third = 0, mean = 0;
        for (int i = 0; i < k; i++) {
            double w = 1 / (v[i] + t), u = w * (y[i] - sy / s);
            up += u * u;
            third += w * u * u;
            mean += w * u;
        }
        third -= mean * mean / s;
        double down = s - s2 / s, fall = s2 - 2 * s3 / s + s2 * s2 / (s * s);
        if (up > down)
            low = t;
        else if (t == 0)
            return 0;
        else
            high = t;
        double slope = 2 * third / up - fall / down, next = t + (up / down - 1) / slope;
        if (!(next >= low && next <= high))
            next = isinf(high) ? 10 * (t + least) : 0.5 * (low + high);
        if (fabs(next - t) <= 1e-8 * (t + least))
            return next;
        t = next;
    }
    return t;
}

void fit(const double *y, const double *v, size_t fits, int k, int restricted, double *out)
{
    for (size_t b = 0; b < fits; b++, y += k, v += k, out += 3) {
        double t = restricted ? reml(y, v, k) : dersimonian_laird(y, v, k), s = 0, sy = 0;
        for (int i = 0; i < k; i++) {
            s += 1 / (v[i] + t);
            sy += y[i] / (v[i] + t);
        }
        out[0] = t;
        out[1] = sy / s;
        out[2] = sqrt(1 / s);
    }
}
