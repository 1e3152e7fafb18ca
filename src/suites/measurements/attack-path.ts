import type { Answer, Query, Trajectory } from '../../attacks/attack.js';
import { parseEpsilons } from '../../attacks/epsilon.js';
import { interruption } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import { argmaxOf, logSumExpRow } from '../../metrics/softmax.js';
import type { Outputs, SystemInfo } from '../../models/system.js';
import { stream } from '../../random/stream.js';
import { float32, int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import { eachBatch } from './batches.js';

export interface AttackPathParams {
  norm: string;
  /** The radius, as written. */
  epsilons: readonly [string];
  steps: number;
  /** Towards a wrong class, drawn for each example, in place of away from the label. */
  targeted: boolean;
}

const columns = (_: SystemInfo, { steps }: AttackPathParams) => ({
  logPx: float32(steps + 1),
  logPxy: float32(steps + 1),
  logPxt: float32(steps + 1),
  prediction: int32(steps + 1),
  target: int32(),
});

export type AttackPathRows = RowsIn<ReturnType<typeof columns>>;

/**
 * What a system says of an image on its way through an attack: PGD on the cross-entropy from the image itself, never
 * stopped, with the step sizes of the attack `pgd`. Rows, (n, steps + 1) from the image itself to the last point: `logPx`;
 * `logPxy`, log p(x, y) of the label; `logPxt`, the same of the target (of the label, when untargeted); `prediction`; and
 * `target` (n), -1 when untargeted.
 */
export const attackPath = defineMeasurement({
  name: 'attack-path',
  version: 1,
  needs: ['logits', 'logPx', 'inputGradient'],
  unitSize: 64,
  passes: ({ steps }: AttackPathParams) => ({ forward: 1, gradient: steps }),
  columns,
  async measure(context: MeasureContext, { norm, epsilons, steps, targeted }: AttackPathParams) {
    const { system, examples, seed, catalogue, signal } = context;
    const { n, indices, labels } = examples;
    if (!labels) throw new AssayError('suite-failed', 'the path of an attack needs labels');
    const { shape, classes } = system.info;
    const options = { steps, randomStart: false, momentum: 0, targets: 0 };
    const pgd = catalogue.attacks.named('pgd').create(options, 'cross-entropy');
    const radius = parseEpsilons(epsilons)[0]!;
    const room = () => new Float32Array(n * (steps + 1));
    const rows = {
      logPx: room(),
      logPxy: room(),
      logPxt: room(),
      prediction: new Int32Array(n * (steps + 1)),
      target: Int32Array.from(indices, (example, i) =>
        targeted ? wrongClass(labels[i]!, classes.length, { seed, example }) : -1,
      ),
    };
    await eachBatch(context, 'attack-path', async (batch, start) => {
      const size = batch.pixels.length / batch.n;
      const aims = Int32Array.from({ length: batch.n }, (_, i) =>
        targeted ? rows.target[start + i]! : labels[start + i]!,
      );
      const runs: Trajectory[] = Array.from({ length: batch.n }, (_, i) =>
        pgd.run({
          x0: batch.pixels.slice(i * size, (i + 1) * size),
          shape,
          label: labels[start + i]!,
          epsilon: radius,
          norm: catalogue.norms.named(norm),
          restart: 0,
          rivals: [],
          nearest: Number.POSITIVE_INFINITY,
          draws: (purpose) =>
            stream({ seed, purpose: `attack-path/${purpose}`, example: indices[start + i]! }),
        }),
      );
      let queries = runs.map((run) => run.next());
      for (let step = 0; step <= steps && !queries[0]?.done; step++) {
        if (signal.aborted) throw interruption(signal);
        const points = queries.map(({ value }) => (value as Query).pixels);
        const pixels = new Float32Array(batch.n * size);
        points.forEach((point, i) => {
          pixels.set(point, i * size);
        });
        const asked = { n: batch.n, pixels, labels: aims };
        const outputs: Outputs & { gradient?: Float32Array } =
          step < steps ? await system.gradient(asked, 'cross-entropy') : await system.forward(asked);
        const gradient = outputs.gradient ?? new Float32Array(0);
        queries = runs.map((run, i) => {
          const logits = (outputs.logits ?? new Float32Array(0)).subarray(
            i * classes.length,
            (i + 1) * classes.length,
          );
          const logPx = outputs.logPx?.[i] ?? Number.NaN;
          const at = (start + i) * (steps + 1) + step;
          const joint = (label: number) => logPx + logits[label]! - logSumExpRow(logits);
          rows.logPx[at] = logPx;
          rows.logPxy[at] = joint(labels[start + i]!);
          rows.logPxt[at] = joint(aims[i]!);
          rows.prediction[at] = argmaxOf(logits);
          const own = gradient.slice(i * size, (i + 1) * size);
          // Towards a class: its cross-entropy is descended.
          const answer: Answer = {
            logits,
            loss: 0,
            gradient: targeted ? own.map((g) => -g) : own,
            broken: false,
          };
          return run.next(answer);
        });
      }
    });
    return rows;
  },
});

/** One of the classes that are not the label, each as likely. */
function wrongClass(label: number, classes: number, key: { seed: number; example: number }): number {
  const drawn = Math.floor(stream({ ...key, purpose: 'attack-path/target' }).uniform() * (classes - 1));
  return drawn < label ? drawn : drawn + 1;
}
