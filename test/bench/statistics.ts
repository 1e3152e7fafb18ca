/**
 * Statistics of a million rows with their bootstrap intervals, beside numpy and scikit-learn; and `assay score` on the same
 * rows from end to end: `npm run bench:statistics -- --help`.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import {
  bootstrapRankings,
  classify,
  drawnBinSums,
  type Estimate,
  ece,
  equalWidth,
  jointBootstrap,
  ofUnits,
  rankingEstimate,
  rankScores,
} from '../../src/metrics.js';
import { stream } from '../../src/random/stream.js';
import { mostHeld } from '../memory.js';

const help = `usage: npm run bench:statistics -- [options]

  --rows N         test rows; a fifth as many are out of distribution (1000000)
  --resamples N    (1000)
  --python PYTHON  time numpy and scikit-learn on the same numbers, in the same minute; they take each statistic of
                   3 resamples, which is reported as of so many
  --score          also run \`assay score\` in a process of its own, with its time and memory (needs /usr/bin/time)`;

const CLASSES = 10;

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    resamples: { type: 'string', default: '1000' },
    python: { type: 'string' },
    score: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Normal logits, one of which is raised. */
function made(n: number, raised: number, example: number) {
  const draws = stream({ seed: 0, purpose: 'bench/statistics', example });
  const noise = new Float64Array(n * CLASSES);
  draws.normals(noise);
  const labels = Int32Array.from({ length: n }, () => Math.floor(draws.uniform() * CLASSES));
  const data = Float32Array.from(noise, (value, at) => {
    const [i, k] = [Math.floor(at / CLASSES), at % CLASSES];
    return 2 * value + (labels[i] === k ? raised : 0);
  });
  return { logits: { n, classes: CLASSES, data }, labels };
}

const largest = ({ n, data }: { n: number; data: Float32Array }) =>
  Float64Array.from({ length: n }, (_, i) => Math.max(...data.subarray(i * CLASSES, (i + 1) * CLASSES)));

/** Seconds of the clock, and of the processor: on a machine that others use, these are what can be compared. */
function timed<T>(what: string, work: () => T): T {
  const [began, used] = [performance.now(), process.cpuUsage()];
  const result = work();
  const { user, system } = process.cpuUsage(used);
  const seconds = (performance.now() - began) / 1000;
  console.log(`${what}: ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of the processor`);
  return result;
}

const told = (name: string, { value, interval }: Estimate) =>
  console.log(`  ${name} ${value.toFixed(6)} [${interval?.map((end) => end.toFixed(6)).join(', ')}]`);

function assay(test: ReturnType<typeof made>, ood: ReturnType<typeof made>, resamples: number): void {
  const [id, other] = [largest(test.logits), largest(ood.logits)];
  const { confidence, correct, n } = classify(test.logits, test.labels);
  timed(`${n} + ${ood.logits.n} rows, ${resamples} resamples: AUROC, AUPR, FPR95, ECE`, () => {
    const ranked = bootstrapRankings([rankScores(id, other)], { seed: 0, resamples, id: 'test', ood: 'ood' });
    for (const metric of ['auroc', 'auprIn', 'auprOut', 'fpr95IdPositive', 'fpr95OodPositive'] as const)
      told(metric, rankingEstimate(ranked, metric));
    const width = equalWidth(confidence, 15);
    const errors = ofUnits((units) => {
      const sums = drawnBinSums(width, confidence, correct, units);
      return (times) => ({ ece: ece(sums(times)) });
    });
    told('ECE', jointBootstrap(n, [{ ...errors, centred: ['ece'] }], { seed: 0, resamples }).ece);
  });
  console.log(`  memory ${(mostHeld() / 2 ** 30).toFixed(2)} GiB at most, with the logits`);
}

const PYTHON = `
import sys, time, numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
folder, resamples = sys.argv[1], int(sys.argv[2])
z, y, o = (np.load(f'{folder}/{name}.npy') for name in ('test', 'labels', 'ood'))
id, ood = z.max(1), o.max(1)
p = np.exp(z - z.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
confidence, correct = p.max(1), p.argmax(1) == y
def ranks(id, ood):
    score, of = np.concatenate([id, ood]), np.r_[np.ones(len(id)), np.zeros(len(ood))]
    fpr, tpr, _ = roc_curve(of, score)
    return (roc_auc_score(of, score), average_precision_score(of, score),
            average_precision_score(1 - of, -score), fpr[np.searchsorted(tpr, 0.95)])
def ece(confidence, correct):
    bin = np.minimum((confidence * 15).astype(int), 14)
    return np.abs(np.bincount(bin, confidence - correct, 15)).sum() / len(confidence)
print('  values', *(f'{v:.6f}' for v in (*ranks(id, ood), ece(confidence, correct))))
draws, began, used = np.random.default_rng(0), time.perf_counter(), time.process_time()
for _ in range(3):
    a, b = draws.integers(0, len(id), len(id)), draws.integers(0, len(ood), len(ood))
    ranks(id[a], ood[b]); ece(confidence[a], correct[a])
print(f'numpy and scikit-learn, {resamples} resamples at the speed of 3: {(time.perf_counter() - began) / 3 * resamples:.0f} s, '
      f'{(time.process_time() - used) / 3 * resamples:.0f} s of the processor')
`;

if (options.help) console.log(help);
else {
  const [n, resamples] = [Number(options.rows), Number(options.resamples)];
  const [test, ood] = [made(n, 4, 0), made(Math.ceil(n / 5), 2, 1)];
  assay(test, ood, resamples);
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    const save = (name: string, shape: number[], data: Float32Array | Int32Array) =>
      writeFileSync(join(folder, `${name}.npy`), encodeNpy({ shape, data }));
    if (options.python || options.score) {
      save('test', [n, CLASSES], test.logits.data);
      save('labels', [n], test.labels);
      save('ood', [ood.logits.n, CLASSES], ood.logits.data);
    }
    if (options.python)
      execFileSync(options.python, ['-c', PYTHON, folder, String(resamples)], { stdio: 'inherit' });
    if (options.score) {
      const files = [
        '--logits',
        'test.npy',
        '--labels',
        'labels.npy',
        '--ood',
        'ood=ood.npy',
        '--out',
        'run',
      ];
      const command = [
        process.execPath,
        join(import.meta.dirname, '../../src/cli/main.js'),
        'score',
        ...files,
      ];
      const measured = ['-f', 'assay score: %e s, %U + %S s of the processor, %M KiB at most'];
      execFileSync('/usr/bin/time', [...measured, ...command], { cwd: folder, stdio: 'inherit' });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
