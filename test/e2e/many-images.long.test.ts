import { expect, it, onTestFinished } from 'vitest';
import { folder, MAIN } from './assay.js';
import { type ImageKind, peakOf } from './many-images.js';

const [FEW, MANY] = [1_000, 100_000];
/** MiB for that. About half of it is taken for 20,000 images already: what garbage collection leaves until later. */
const ALLOWED = 300;

it.each<[string[], ImageKind]>([
  [['accuracy', 'attack'], 'archive'],
  [['accuracy', 'calibration', 'ood'], 'archive'],
  [['accuracy', 'attack'], 'files'],
])(
  'a run of %j holds little more over many images than over few: %s',
  { tags: ['long'] },
  async (suites, kind) => {
    // A run that takes too long ends with its test.
    const over = new AbortController();
    onTestFinished(() => over.abort());
    const at = folder();
    const few = await peakOf(MAIN, at, FEW, suites, [], kind, over.signal);
    const many = await peakOf(MAIN, at, MANY, suites, [], kind, over.signal);
    expect(few.peak).toBeGreaterThan(0);
    expect(many.peak - few.peak).toBeLessThan(ALLOWED);
  },
);
