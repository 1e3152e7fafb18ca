import type { ScoreOptions } from '../../src/scores/score.js';

/** One image of those that a score is fitted to. */
export interface Image {
  h: number[];
  f: number[];
  y: number;
}

/** All that a literal definition looks at. */
export interface Case {
  h: number[];
  f: number[];
  train: Image[];
  W: number[][];
  b: number[];
}

/** A score as its paper writes it, slowly; with options that a small case has room for. */
export interface Definition {
  options?: ScoreOptions;
  of(at: Case): number;
}

const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);
const dot = (x: readonly number[], y: readonly number[]) => sum(x.map((v, j) => v * y[j]!));
const norm = (x: readonly number[]) => Math.sqrt(dot(x, x));
const minus = (x: readonly number[], y: readonly number[]) => x.map((v, j) => v - y[j]!);
const unit = (x: readonly number[]) => x.map((v) => v / norm(x));
const lse = (f: readonly number[]) => Math.log(sum(f.map(Math.exp)));
const softmax = (f: readonly number[]) => f.map((v) => Math.exp(v - lse(f)));
const mean = (xs: readonly (readonly number[])[]) =>
  xs[0]!.map((_, j) => sum(xs.map((x) => x[j]!)) / xs.length);
const argmax = (f: readonly number[]) => f.indexOf(Math.max(...f));
const logits = ({ W, b }: Case, h: readonly number[]) => W.map((w, c) => dot(w, h) + b[c]!);
const descending = (x: readonly number[]) => [...x].sort((a, b) => b - a);
const percentile = (x: readonly number[], p: number) => {
  const sorted = [...x].sort((a, b) => a - b);
  const at = (p / 100) * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (at - Math.floor(at)) * (above - below);
};

/** Solves A x = b, by elimination with pivoting. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i]!]);
  const n = b.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows
      .map((row, i) => (i < k ? 0 : Math.abs(row[k]!)))
      .reduce((m, v, i, all) => (v > all[m]! ? i : m), k);
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const by = rows[i]![k]! / rows[k]![k]!;
      rows[i] = rows[i]!.map((v, j) => v - by * rows[k]![j]!);
    }
  }
  return rows.map((row, k) => row[n]! / row[k]!);
}

const covariance = (deviations: readonly (readonly number[])[]) =>
  deviations[0]!.map((_, j) =>
    deviations[0]!.map((_, k) => sum(deviations.map((d) => d[j]! * d[k]!)) / deviations.length),
  );

function classDistances(train: readonly Image[], h: readonly number[]): number[] {
  const classes = [...new Set(train.map(({ y }) => y))].sort();
  const means = classes.map((c) => mean(train.filter(({ y }) => y === c).map((one) => one.h)));
  const within = covariance(train.map((one) => minus(one.h, means[classes.indexOf(one.y)]!)));
  return means.map((m) => dot(solve(within, minus(h, m)), minus(h, m)));
}

/** The first of equals. */
const largest = (h: readonly number[], p: number) => {
  const order = h.map((_, j) => j).sort((a, b) => h[b]! - h[a]! || a - b);
  const kept = order.slice(0, h.length - Math.round((h.length * p) / 100));
  return h.map((_, j) => kept.includes(j));
};

/** Where features are taken from, and the direction of two outside the one in which they vary most, by iteration. */
function outside(at: Case): { origin: number[]; away: number[] } {
  const { W, b, train } = at;
  // W has more classes than features and full rank: W^+ = (W'W)^-1 W'.
  const gram = W[0]!.map((_, j) => W[0]!.map((_, k) => sum(W.map((w) => w[j]! * w[k]!))));
  const origin = solve(
    gram,
    W[0]!.map((_, j) => -sum(W.map((w, c) => w[j]! * b[c]!))),
  );
  const [first, second] = covariance(train.map(({ h }) => minus(h, origin))) as [number[], number[]];
  const [xx, xy, yy] = [first[0]!, first[1]!, second[1]!];
  // Of a symmetric matrix (2, 2): the eigenvector of the smaller eigenvalue.
  const small = (xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy);
  const away = unit(Math.abs(xx - small) > Math.abs(yy - small) ? [-xy, xx - small] : [yy - small, -xy]);
  return { origin, away };
}

/** Every measured score, of two features and three classes. */
export const definitions: Record<string, Definition> = {
  'temp-scaled-msp': {
    of: ({ f, train }) => {
      const nll = (beta: number) => {
        const losses = train.map((one) => {
          const z = one.f.map((v) => v * beta);
          return lse(z) - z[one.y]!;
        });
        return sum(losses);
      };
      // Convex in 1 / T: halved by thirds.
      let [lo, hi] = [1 / 50, 50];
      for (let step = 0; step < 200; step++) {
        const [a, b] = [lo + (hi - lo) / 3, hi - (hi - lo) / 3];
        if (nll(a) < nll(b)) hi = b;
        else lo = a;
      }
      return Math.max(...softmax(f.map((v) => v * lo)));
    },
  },
  'kl-matching': {
    of: ({ f, train }) => {
      const p = softmax(f);
      const predicted = (c: number) =>
        train.filter((one) => argmax(one.f) === c).map((one) => softmax(one.f));
      const templates = f.map((_, c) => predicted(c)).filter((found) => found.length > 0);
      return -Math.min(...templates.map(mean).map((m) => sum(p.map((v, k) => v * Math.log(v / m[k]!)))));
    },
  },
  typicality: {
    of: ({ f, train }) =>
      -Math.abs(
        lse(f) -
          percentile(
            train.map((one) => lse(one.f)),
            50,
          ),
      ),
  },
  mahalanobis: { of: ({ h, train }) => -Math.min(...classDistances(train, h)) },
  'mds++': {
    of: ({ h, train }) =>
      -Math.min(
        ...classDistances(
          train.map((one) => ({ ...one, h: unit(one.h) })),
          unit(h),
        ),
      ),
  },
  rmds: {
    of: ({ h, train }) => {
      const all = mean(train.map((one) => one.h));
      const total = covariance(train.map((one) => minus(one.h, all)));
      const background = dot(solve(total, minus(h, all)), minus(h, all));
      return Math.max(...classDistances(train, h).map((d) => background - d));
    },
  },
  knn: {
    options: { k: 3 },
    of: ({ h, train }) =>
      -train.map((one) => norm(minus(unit(h), unit(one.h))) ** 2).sort((a, b) => a - b)[2]!,
  },
  residual: {
    of: (at) => {
      const { origin, away } = outside(at);
      return -Math.abs(dot(minus(at.h, origin), away));
    },
  },
  vim: {
    of: (at) => {
      const { origin, away } = outside(at);
      const length = (h: readonly number[]) => Math.abs(dot(minus(h, origin), away));
      const alpha = sum(at.train.map(({ f }) => Math.max(...f))) / sum(at.train.map((one) => length(one.h)));
      return lse(at.f) - alpha * length(at.h);
    },
  },
  she: {
    of: ({ h, f, train }) => {
      const own = train.filter(({ y }) => y === argmax(f));
      const right = own.filter((one) => argmax(one.f) === one.y);
      return dot(h, mean((right.length > 0 ? right : own).map((one) => one.h)));
    },
  },
  nnguide: {
    options: { k: 3 },
    of: ({ h, f, train }) => {
      const guides = train.map((one) => lse(one.f) * dot(unit(h), unit(one.h)));
      return lse(f) * (sum(descending(guides).slice(0, 3)) / 3);
    },
  },
  relation: {
    options: { power: 2 },
    of: ({ h, f, train }) =>
      sum(
        train
          .map((one) => Math.max(0, dot(unit(h), unit(one.h))) * dot(softmax(f), softmax(one.f)))
          .filter((v) => v > 0.03)
          .map((v) => v ** 2),
      ),
  },
  fdbd: {
    of: (at) => {
      const f = logits(at, at.h);
      const y = argmax(f);
      const distances = f.flatMap((v, c) => (c === y ? [] : [(f[y]! - v) / norm(minus(at.W[y]!, at.W[c]!))]));
      return sum(distances) / norm(minus(at.h, mean(at.train.map(({ h }) => h))));
    },
  },
  nci: {
    options: { alpha: 0.5 },
    of: (at) => {
      const centred = minus(at.h, mean(at.train.map(({ h }) => h)));
      const w = at.W[argmax(logits(at, at.h))]!;
      return dot(w, centred) / norm(centred) + 0.5 * sum(at.h.map(Math.abs));
    },
  },
  gradnorm: {
    of: (at) => {
      // d sum_c -log p_c / d W, entry by entry.
      const p = softmax(logits(at, at.h));
      return sum(p.flatMap((v) => at.h.map((x) => Math.abs((p.length * v - 1) * x))));
    },
  },
  react: {
    of: (at) => {
      const top = percentile(
        at.train.flatMap(({ h }) => h),
        90,
      );
      return lse(
        logits(
          at,
          at.h.map((v) => Math.min(v, top)),
        ),
      );
    },
  },
  vra: {
    options: { low: 20, high: 75 },
    of: (at) => {
      const all = at.train.flatMap(({ h }) => h);
      const [low, high] = [percentile(all, 20), percentile(all, 75)];
      return lse(
        logits(
          at,
          at.h.map((v) => Math.min(Math.max(v, low), high)),
        ),
      );
    },
  },
  dice: {
    options: { percentile: 60 },
    of: (at) => {
      const m = mean(at.train.map(({ h }) => h));
      const contributions = at.W.map((w) => w.map((v, j) => v * m[j]!));
      const least = percentile(contributions.flat(), 60);
      const W = at.W.map((w, c) => w.map((v, j) => (contributions[c]![j]! > least ? v : 0)));
      return lse(logits({ ...at, W }, at.h));
    },
  },
  'ash-p': {
    options: { percentile: 50 },
    of: (at) => {
      const kept = largest(at.h, 50);
      return lse(
        logits(
          at,
          at.h.map((v, j) => (kept[j] ? v : 0)),
        ),
      );
    },
  },
  'ash-b': {
    options: { percentile: 50 },
    of: (at) => {
      const kept = largest(at.h, 50);
      const fill = sum(at.h) / kept.filter(Boolean).length;
      return lse(
        logits(
          at,
          at.h.map((_, j) => (kept[j] ? fill : 0)),
        ),
      );
    },
  },
  'ash-s': {
    options: { percentile: 50 },
    of: (at) => {
      const kept = largest(at.h, 50);
      const scale = Math.exp(sum(at.h) / sum(at.h.filter((_, j) => kept[j])));
      return lse(
        logits(
          at,
          at.h.map((v, j) => (kept[j] ? v * scale : 0)),
        ),
      );
    },
  },
  scale: {
    options: { percentile: 50 },
    of: (at) => {
      const kept = largest(at.h, 50);
      const scale = Math.exp(sum(at.h) / sum(at.h.filter((_, j) => kept[j])));
      return lse(
        logits(
          at,
          at.h.map((v) => v * scale),
        ),
      );
    },
  },
};
