import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import type { ExampleArguments } from '../../src/losses/loss.js';
import { losses } from '../../src/losses/registry.js';
import type { Model } from '../../src/models/model.js';
import {
  CLASSES,
  convolutional,
  convolutionalCard,
  linear,
  linearCard,
  linearGraph,
  linearLogits,
  open,
  PIXELS,
  uniforms,
} from '../models/networks.js';
import { relativeError } from '../models/npz.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

const sorted = (f: readonly number[]) => [...f].sort((a, b) => b - a);
const logSumExp = (f: readonly number[]) => {
  const m = Math.max(...f);
  return m + Math.log(f.reduce((sum, v) => sum + Math.exp(v - m), 0));
};
const largestOther = (f: readonly number[], y: number) => Math.max(...f.filter((_, i) => i !== y));

/** What a score must reach below: some examples pass, some do not. */
const THRESHOLD = 0.2;
const margin = (f: readonly number[], y: number) => largestOther(f, y) - f[y]!;
const evading = (score: (f: readonly number[], y: number) => number) => (f: readonly number[], y: number) =>
  Math.min(margin(f, y), score(f, y) - THRESHOLD);
const maxLogit = (f: readonly number[]) => Math.max(...f);
const maxSoftmax = (f: readonly number[]) => Math.log(Math.max(...f.map((v) => Math.exp(v - logSumExp(f)))));

/** Of any sign. */
const WEIGHTS = Array.from({ length: CLASSES }, (_, k) => 0.5 - k);

const softmaxOf = (f: readonly number[]) => f.map((v) => Math.exp(v - logSumExp(f)));
const entropy = (f: readonly number[]) =>
  softmaxOf(f).reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0);
/** 1 - p as the sum of the others. */
const gen = (f: readonly number[]) =>
  -softmaxOf(f)
    .map((p, k, all) => (p * all.reduce((sum, q, j) => (j === k ? sum : sum + q), 0)) ** 0.1)
    .reduce((a, b) => a + b);

type Definition = (f: readonly number[], y: number, t: number) => number;

/** Every loss of the logits of one example, in double precision (specs of the attacks and of JEM). */
const definitions: Record<string, undefined | Definition> = {
  'cross-entropy': (f, y) => logSumExp(f) - f[y]!,
  margin,
  dlr: (f, y) => -(f[y]! - largestOther(f, y)) / (sorted(f)[0]! - sorted(f)[2]! + 1e-12),
  'log-px': (f) => logSumExp(f),
  'log-pxy': (f, y) => f[y]!,
  'weighted-logits': (f) => f.reduce((sum, v, k) => sum + WEIGHTS[k]! * v, 0),
  logit: (f, y) => f[y]!,
  'dlr-targeted': (f, y, t) => {
    const [first, , third, fourth] = sorted(f) as [number, number, number, number];
    return -(f[y]! - f[t]!) / (first - (third + fourth) / 2 + 1e-12);
  },
  'target-margin': (f, y, t) => f[t]! - f[y]!,
  'max-logit': maxLogit,
  'max-softmax': maxSoftmax,
  energy: logSumExp,
  entropy,
  gen,
  'evade-energy': evading(logSumExp),
  'evade-entropy': evading(entropy),
  'evade-gen': evading(gen),
  'evade-log-px': evading(logSumExp),
  'evade-max-logit': evading(largestOther),
  'evade-max-softmax': evading((f, y) => largestOther(f, y) - logSumExp(f)),
};

const names = [...losses.names];
const definitionOf = (loss: string): Definition => {
  const definition = definitions[loss];
  if (!definition) throw new Error(`write the definition of "${loss}" into this table`);
  return definition;
};

/** d loss / d logits by central differences of the definition. */
function slopes(loss: string, f: readonly number[], y: number, t: number): number[] {
  const h = 1e-6;
  return f.map((_, k) => {
    const at = (step: number) =>
      definitionOf(loss)(
        f.map((v, i) => (i === k ? v + step : v)),
        y,
        t,
      );
    return (at(h) - at(-h)) / (2 * h);
  });
}

const n = 6;
const labels = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
const aims = {
  labels,
  targets: labels.map((y) => (y + 1) % CLASSES),
  weights: Float32Array.from({ length: n * CLASSES }, (_, i) => WEIGHTS[i % CLASSES]!),
  threshold: THRESHOLD,
};

/** What the numeric form is told beside the logits: log p(x) is their logsumexp. */
const aimOf = (f: readonly number[], label: number, target: number): ExampleArguments => ({
  label,
  target,
  threshold: THRESHOLD,
  logPx: logSumExp(f),
  weights: WEIGHTS,
});

describe('every loss', () => {
  const logit = fc.double({ min: -20, max: 20, noNaN: true });
  const cases = fc.tuple(
    fc.array(logit, { minLength: CLASSES, maxLength: CLASSES }),
    fc.integer({ min: 0, max: CLASSES - 1 }),
    fc.integer({ min: 1, max: CLASSES - 1 }),
  );

  it.each(names)('%s: the numbers are those of its definition', (loss) => {
    fc.assert(
      fc.property(cases, ([f, y, turn]) => {
        const t = (y + turn) % CLASSES;
        const wanted = definitionOf(loss)(f, y, t);
        const found = losses.named(loss).value(f, aimOf(f, y, t));
        expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)));
      }),
    );
  });

  it('has one definition in the table, and no definition is of nothing', () => {
    expect(Object.keys(definitions).sort()).toEqual([...names].sort());
  });

  it('a misspelt loss is guessed', () => {
    expect(() => losses.named('crossentropy')).toThrow(
      expect.objectContaining({
        code: 'unknown-name',
        details: expect.objectContaining({ hint: 'did you mean "cross-entropy"?' }),
      }),
    );
  });
});

describe('losses of a linear network', () => {
  let model: Model;
  const pixels = uniforms('losses', n * PIXELS);
  const logits = linearLogits(pixels);
  const row = (i: number) => [...logits.subarray(i * CLASSES, (i + 1) * CLASSES)];
  beforeAll(async () => {
    model = await open(engine, linearGraph(), linearCard);
  });
  afterAll(() => model.close());

  it.each(names)('%s: value and closed-form gradient', async (loss) => {
    const found = await model.gradient({ n, pixels, ...aims }, loss);
    expect(relativeError(found.logits ?? [], logits)).toBeLessThan(1e-6);
    for (let i = 0; i < n; i++) {
      expect(found.loss[i]).toBeCloseTo(definitionOf(loss)(row(i), labels[i]!, aims.targets[i]!), 5);
      const d = slopes(loss, row(i), labels[i]!, aims.targets[i]!);
      const wanted = Array.from({ length: PIXELS }, (_, j) =>
        d.reduce((sum, v, k) => sum + v * linear.weight[j * CLASSES + k]!, 0),
      );
      const gradient = found.gradient.subarray(i * PIXELS, (i + 1) * PIXELS);
      expect(relativeError(gradient, wanted)).toBeLessThan(2e-5);
    }
    expect(found.passes).toEqual({ forward: 0, gradient: n });
  });

  it('weighs logits at will', async () => {
    const weights = uniforms('weights', n * CLASSES);
    const { gradient, loss } = await model.gradient({ n, pixels, weights }, 'weighted-logits');
    const wanted = Array.from({ length: n * PIXELS }, (_, at) => {
      const [i, j] = [Math.floor(at / PIXELS), at % PIXELS];
      return [0, 1, 2, 3].reduce(
        (sum, k) => sum + weights[i * CLASSES + k]! * linear.weight[j * CLASSES + k]!,
        0,
      );
    });
    expect(relativeError(gradient, wanted)).toBeLessThan(1e-6);
    expect(loss[0]).toBeCloseTo(
      row(0).reduce((sum, v, k) => sum + v * weights[k]!, 0),
      5,
    );
  });

  it.each(names)('%s of given logits', async (loss) => {
    const { loss: values, gradient } = await model.logitLoss(loss, Float32Array.from(logits), aims);
    for (let i = 0; i < n; i++) {
      expect(values[i]).toBeCloseTo(definitionOf(loss)(row(i), labels[i]!, aims.targets[i]!), 5);
      const numeric = losses.named(loss).value(row(i), aimOf(row(i), labels[i]!, aims.targets[i]!));
      expect(values[i]).toBeCloseTo(numeric, 5);
      const found = gradient.subarray(i * CLASSES, (i + 1) * CLASSES);
      expect(relativeError(found, slopes(loss, row(i), labels[i]!, aims.targets[i]!))).toBeLessThan(2e-5);
    }
  });
});

describe('extreme logits', () => {
  const bias = (values: number[]) => Float32Array.from(values);
  const cases: [what: string, logits: number[], label: number, loss: string, wanted: number][] = [
    ['cross-entropy far apart', [0, 2000, -2000, 5], 2, 'cross-entropy', 4000],
    ['cross-entropy huge and equal', [3e4, 3e4, 3e4, 3e4], 0, 'cross-entropy', Math.log(4)],
    ['margin with a huge other', [1e30, 2, 3, 4], 1, 'margin', 1e30],
    ['dlr of a tie for first', [5, 5, 1, 0], 0, 'dlr', 0],
    ['dlr where all are equal', [1, 1, 1, 1], 0, 'dlr', 0],
    ['dlr of a confident mistake', [9, 3, 1, 0], 1, 'dlr', 6 / 8],
    ['log p(x) far from zero', [-1e4, -1e4, -2e4, -2e4], 0, 'log-px', -1e4 + Math.log(2)],
  ];
  it.each(cases)('%s', async (_, logits, label, loss, wanted) => {
    const model = await open(engine, linearGraph(), linearCard);
    const found = await model.logitLoss(loss, bias(logits), { labels: Int32Array.of(label) });
    expect(found.loss[0]).toBeCloseTo(wanted, Math.abs(wanted) > 1e3 ? -Math.log10(Math.abs(wanted)) + 5 : 5);
    expect([...found.gradient].every(Number.isFinite)).toBe(true);
    await model.close();
  });
});

describe('certainty', () => {
  /** d cross-entropy / d logits in double precision: p - onehot, with 1 - p of the label summed from the others. */
  const exact = (logits: readonly number[], label: number) => {
    const p = logits.map((v) => Math.exp(v - logSumExp(logits)));
    const rest = p.reduce((sum, v, k) => (k === label ? sum : sum + v), 0);
    return p.map((v, k) => (k === label ? -rest : v));
  };

  it.each([
    ['p(y|x) = 1 - 1e-6', [0, 14, 1, -5]],
    ['p(y|x) = 1 - 1e-22', [0, 60, 10, -5]],
    ['p(y|x) = 1e-22', [60, 10, 0, -5]],
  ])('leaves the gradient of cross-entropy its digits, %s', async (_, logits) => {
    const model = await open(engine, linearGraph(), linearCard);
    const { gradient } = await model.logitLoss('cross-entropy', Float32Array.from(logits), {
      labels: Int32Array.of(1),
    });
    const wanted = exact(logits, 1);
    const scale = 1 / Math.hypot(...wanted);
    const scaled = (values: Iterable<number>) => Array.from(values, (g) => g * scale);
    expect(relativeError(scaled(gradient), scaled(wanted))).toBeLessThan(1e-5);
    await model.close();
  });
});

describe('losses of a convolutional network', () => {
  const size = 64;
  const pixels = uniforms('images', n * size);
  const given = { ...aims, weights: uniforms('weights of logits', n * 5) };
  /** Central differences in float32 along random directions, extrapolated. */
  it.each(names)('%s: finite differences', async (loss) => {
    const model = await open(engine, convolutional(), convolutionalCard);
    const { gradient } = await model.gradient({ n, pixels, ...given }, loss);
    const direction = uniforms('direction', n * size).map((v) => v - 0.5);
    const at = (h: number) =>
      model.gradient({ n, pixels: pixels.map((p, j) => p + h * direction[j]!), ...given }, loss);
    const h = 0.01;
    const points = [await at(2 * h), await at(h), await at(-h), await at(-2 * h)];
    // Where the order of the logits changes within a step, margin and DLR have a kink.
    const order = (logits: Float32Array | undefined, i: number) =>
      [0, 1, 2, 3, 4].sort((a, b) => (logits?.[i * 5 + b] ?? 0) - (logits?.[i * 5 + a] ?? 0)).join();
    const smooth = Array.from({ length: n }, (_, i) => i).filter(
      (i) => new Set(points.map((point) => order(point.logits, i))).size === 1,
    );
    expect(smooth.length).toBeGreaterThan(n / 2);
    for (const i of smooth) {
      const [wideUp, up, down, wideDown] = points.map((point) => point.loss[i]!) as [
        number,
        number,
        number,
        number,
      ];
      const numeric = (8 * (up - down) - (wideUp - wideDown)) / (12 * h);
      let along = 0;
      for (let j = i * size; j < (i + 1) * size; j++) along += gradient[j]! * direction[j]!;
      expect(along).toBeCloseTo(numeric, 3);
    }
    await model.close();
  });
});
