// SPDX-License-Identifier: GPL-2.0-or-later
//
// The least value of a mixed model's criterion that many random starts find: an implementation that
// shares nothing with lmm-sparse (dense Henderson equations, BFGS in the entries of λ).
//
//   reference STARTS SEED [--all] < model
//
// The model, whitespace between numbers: n p kind shift (kind 1: REML, 0: ML; shift: log |RᵀR| of X's
// basis), n × p X with orthonormal columns and n y, the number of terms; for each term its columns ℓ,
// its levels J, then n rows of a level and ℓ values. Printed: the best value, how many starts reached it
// within 1e-5, the share r²/yᵀy of the residuals there (next to nothing: the criterion has no minimum),
// λ's entries; with --all, the value that every start reached as well.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cstdint>
#include <vector>
#include <algorithm>
using Vector = std::vector<double>;

struct Term { int columns, levels, first; int parameter; };

struct Model {
  int n, p, q = 0, kind, parameters = 0;
  double shift, yy;
  Vector A;  // [Z X]ᵀ[Z X], (q + p)²
  Vector b;  // [Z X]ᵀy
  std::vector<Term> terms;

  void read() {
    if (scanf("%d %d %d %lf", &n, &p, &kind, &shift) != 4) exit(1);
    Vector X(n * p), y(n);
    for (auto &x : X) if (scanf("%lf", &x) != 1) exit(1);
    for (auto &v : y) if (scanf("%lf", &v) != 1) exit(1);
    int count;
    if (scanf("%d", &count) != 1) exit(1);
    std::vector<std::vector<std::pair<int, double>>> rows(n);
    for (int t = 0; t < count; t++) {
      Term term{0, 0, q, parameters};
      if (scanf("%d %d", &term.columns, &term.levels) != 2) exit(1);
      for (int i = 0; i < n; i++) {
        int level;
        if (scanf("%d", &level) != 1) exit(1);
        for (int c = 0; c < term.columns; c++) {
          double z;
          if (scanf("%lf", &z) != 1) exit(1);
          rows[i].push_back({q + level * term.columns + c, z});
        }
      }
      q += term.columns * term.levels;
      parameters += term.columns * (term.columns + 1) / 2;
      terms.push_back(term);
    }
    int m = q + p;
    A.assign(m * m, 0);
    b.assign(m, 0);
    yy = 0;
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < p; k++) rows[i].push_back({q + k, X[i * p + k]});
      for (auto &[r, a] : rows[i]) {
        b[r] += a * y[i];
        for (auto &[c, v] : rows[i]) A[r * m + c] += a * v;
      }
      yy += y[i] * y[i];
    }
  }

  // The criterion, and its gradient.
  double value(const Vector &x, Vector &gradient, double *share = nullptr) const {
    int m = q + p;
    // B = A Λ̃ with Λ̃ = diag(Λ, I), then K = Λ̃ᵀB + diag(I, 0).
    Vector B = A, K(m * m);
    auto entry = [&](const Term &t, int i, int j) {  // λ_ij, i ≥ j, column by column
      return x[t.parameter + j * t.columns - j * (j - 1) / 2 + i - j];
    };
    for (auto &t : terms)
      for (int r = 0; r < m; r++)
        for (int l = 0; l < t.levels; l++) {
          double *row = &B[r * m + t.first + l * t.columns];
          for (int j = 0; j < t.columns; j++) {
            double sum = 0;
            for (int i = j; i < t.columns; i++) sum += row[i] * entry(t, i, j);
            row[j] = sum;
          }
        }
    K = B;
    Vector f = b;
    for (auto &t : terms)
      for (int l = 0; l < t.levels; l++)
        for (int j = 0; j < t.columns; j++) {
          int to = t.first + l * t.columns + j;
          double sum = 0;
          for (int i = j; i < t.columns; i++) sum += entry(t, i, j) * f[t.first + l * t.columns + i];
          f[to] = sum;
          double *out = &K[to * m];
          for (int c = 0; c < m; c++) out[c] *= entry(t, j, j);
          for (int i = j + 1; i < t.columns; i++) {
            double a = entry(t, i, j);
            const double *in = &B[(t.first + l * t.columns + i) * m];
            for (int c = 0; c < m; c++) out[c] += a * in[c];
          }
        }
    for (int k = 0; k < q; k++) K[k * m + k] += 1;
    // K = LLᵀ by rows.
    Vector L = K;
    double logM = 0, logX = 0;
    for (int i = 0; i < m; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = L[i * m + j];
        const double *a = &L[i * m], *c = &L[j * m];
        for (int k = 0; k < j; k++) sum -= a[k] * c[k];
        if (i == j) {
          if (!(sum > 1e-14)) return INFINITY;
          L[i * m + i] = std::sqrt(sum);
          (i < q ? logM : logX) += std::log(sum);
        } else {
          L[i * m + j] = sum / L[j * m + j];
        }
      }
    }
    // L⁻¹ by rows: W = L⁻¹, lower triangular; K⁻¹ = WᵀW, of which M⁻¹ takes the rows below q.
    Vector W(m * m, 0.0), g(m), u(m, 0.0);
    for (int i = 0; i < m; i++) {
      double *w = &W[i * m];
      for (int k = 0; k < i; k++) {
        double a = L[i * m + k];
        const double *v = &W[k * m];
        for (int j = 0; j <= k; j++) w[j] -= a * v[j];
      }
      double d = 1 / L[i * m + i];
      for (int j = 0; j < i; j++) w[j] *= d;
      w[i] = d;
    }
    double r2 = yy;
    for (int i = 0; i < m; i++) {
      double sum = 0;
      for (int j = 0; j <= i; j++) sum += W[i * m + j] * f[j];
      g[i] = sum;
      r2 -= sum * sum;
      for (int j = 0; j <= i; j++) u[j] += W[i * m + j] * sum;
    }
    if (share) *share = r2 / yy;
    double df = kind ? n - p : n;
    if (!(r2 > 1e-13 * yy)) return INFINITY;
    int last = kind ? m : q;
    Vector inverse(q * m, 0.0);  // rows of random effects
    for (int k = 0; k < last; k++)
      for (int i = 0; i <= std::min(k, q - 1); i++) {
        double a = W[k * m + i];
        for (int j = 0; j <= k; j++) inverse[i * m + j] += a * W[k * m + j];
      }
    gradient.assign(x.size(), 0);
    Vector e(q);
    for (int r = 0; r < q; r++) {
      double sum = b[r];
      for (int c = 0; c < m; c++) sum -= B[r * m + c] * u[c];
      e[r] = sum;
    }
    for (auto &t : terms) {
      int next = t.parameter;
      for (int j = 0; j < t.columns; j++)
        for (int i = j; i < t.columns; i++, next++)
          for (int l = 0; l < t.levels; l++) {
            int r = t.first + l * t.columns + i, c = t.first + l * t.columns + j;
            double sum = 0;
            for (int k = 0; k < last; k++) sum += B[r * m + k] * inverse[c * m + k];
            gradient[next] += 2 * sum - 2 * df / r2 * e[r] * u[c];
          }
    }
    return logM + (kind ? logX + shift : 0) + df * (1 + std::log(2 * M_PI * r2 / df));
  }
};

static double dot(const Vector &a, const Vector &b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); k++) sum += a[k] * b[k];
  return sum;
}

// BFGS with a backtracking line search.
static double minimize(const Model &model, Vector &x) {
  int n = x.size();
  Vector g, H(n * n, 0.0), step(n), y(n), next(n), slope, Hy(n);
  double value = model.value(x, g);
  if (!std::isfinite(value)) return value;
  auto reset = [&](double scale) {
    std::fill(H.begin(), H.end(), 0);
    for (int k = 0; k < n; k++) H[k * n + k] = scale;
  };
  bool fresh = true;
  int idle = 0;
  for (int round = 0; round < 500; round++) {
    double length = std::sqrt(dot(g, g));
    if (length < 1e-7) break;
    if (fresh) reset(std::min(1.0, 0.3 / length));
    for (int i = 0; i < n; i++) {
      step[i] = 0;
      for (int j = 0; j < n; j++) step[i] -= H[i * n + j] * g[j];
    }
    double descent = dot(step, g);
    if (!(descent < 0)) {
      if (fresh) break;
      fresh = true;
      continue;
    }
    double longest = 0, size = 0.1;
    for (int k = 0; k < n; k++) longest = std::max(longest, std::fabs(step[k])), size = std::max(size, std::fabs(x[k]));
    double a = std::min(1.0, 2 * size / longest), there = INFINITY;
    for (int tries = 0; tries < 40; tries++, a *= 0.3) {
      for (int k = 0; k < n; k++) next[k] = x[k] + a * step[k];
      there = model.value(next, slope);
      if (there <= value + 1e-4 * a * descent) break;
    }
    if (!(there <= value + 1e-4 * a * descent)) {
      if (fresh) break;
      fresh = true;
      continue;
    }
    idle = value - there < 1e-10 ? idle + 1 : 0;
    Vector s(n);
    for (int k = 0; k < n; k++) s[k] = next[k] - x[k], y[k] = slope[k] - g[k];
    x = next;
    value = there;
    g = slope;
    double sy = dot(s, y);
    if (fresh && sy > 0) reset(sy / dot(y, y));
    fresh = false;
    if (idle == 3) break;
    if (sy > 1e-12 * std::sqrt(dot(s, s) * dot(y, y))) {
      for (int i = 0; i < n; i++) {
        Hy[i] = 0;
        for (int j = 0; j < n; j++) Hy[i] += H[i * n + j] * y[j];
      }
      double c = (1 + dot(y, Hy) / sy) / sy;
      for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
          H[i * n + j] += c * s[i] * s[j] - (Hy[i] * s[j] + s[i] * Hy[j]) / sy;
    }
  }
  return value;
}

static uint64_t state;
static double uniform() {
  state += 0x9E3779B97F4A7C15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return ((z ^ (z >> 31)) >> 11) * 0x1p-53 + 0x1p-54;
}
static double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * M_PI * uniform()); }

int main(int count, char **arguments) {
  int starts = count > 1 ? atoi(arguments[1]) : 50;
  state = count > 2 ? strtoull(arguments[2], nullptr, 10) : 1;
  bool all = count > 3 && !strcmp(arguments[3], "--all");
  Model model;
  model.read();
  Vector best, values;
  double least = INFINITY;
  for (int s = 0; s < starts; s++) {
    Vector x(model.parameters);
    for (auto &t : model.terms) {
      double size = std::pow(10, 2.5 * uniform() - 1.5);
      int next = t.parameter;
      for (int j = 0; j < t.columns; j++) {
        double own = s > 0 && uniform() < 0.15 ? 0 : size;
        for (int i = j; i < t.columns; i++, next++) x[next] = s == 0 ? i == j : own * normal();
      }
    }
    double value = minimize(model, x);
    // Where a column of λ is zero the gradient across is zero, too: the end may be a saddle.
    for (auto &t : model.terms) {
      auto first = x.begin() + t.parameter, end = first + t.columns * (t.columns + 1) / 2;
      double size = 0.1;
      for (auto v = first; v != end; v++) size = std::max(size, std::fabs(*v));
      for (auto v = first; v != end; v++) *v += 0.01 * size * normal();
    }
    value = std::min(value, minimize(model, x));
    values.push_back(value);
    if (value < least) least = value, best = x;
  }
  int agreed = std::count_if(values.begin(), values.end(), [&](double v) { return v < least + 1e-5; });
  double share = 0;
  Vector gradient;
  if (!best.empty()) model.value(best, gradient, &share);
  printf("%.9f %d %.2g", least, agreed, share);
  for (double v : best) printf(" %.6g", v);
  if (all) {
    printf(" |");
    std::sort(values.begin(), values.end());
    for (double v : values) printf(" %.6f", v);
  }
  printf("\n");
}
