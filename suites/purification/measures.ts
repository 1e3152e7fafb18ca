import { parseEpsilon } from '../../src/attack.js';
import type { Estimate } from '../../src/metrics.js';
import { type Measure, type MeasureRows, measure } from '../../src/suite.js';
import type { PurificationOptions } from './options.js';
import type { PurificationResult } from './result.js';

/** Three accuracies and two changes of log p(x) for each number of steps. */
export function purificationMeasures(
  suite: string,
  sheet: string,
  result: PurificationResult,
  options: PurificationOptions,
): Measure[] {
  const { system, dataset, steps, clean, transferred, adaptive } = result;
  const common = { suite, model: system.name, dataset: dataset.name };
  const { text } = parseEpsilon(options.epsilon);
  const ball = { norm: options.norm, epsilon: text };
  const accuracy = (
    id: string,
    title: string,
    params: Measure['params'],
    rows: MeasureRows,
    estimate: Estimate,
    note?: string,
  ) =>
    measure(
      {
        ...common,
        measure: id,
        title,
        params,
        better: 'higher',
        format: 'percent',
        rows,
        ...(note && { note }),
      },
      estimate,
    );
  const change = (
    id: string,
    title: string,
    params: Measure['params'],
    rows: MeasureRows,
    estimate: Estimate,
  ) => measure({ ...common, measure: id, title, params, better: 'none', format: 'number', rows }, estimate);
  const from = (images: 'clean' | 'transferred' | 'adaptive', count: number) => ({
    sheet,
    where: { model: system.name, dataset: dataset.name, images, steps: count },
  });
  const shareOf = (...of: Parameters<typeof from>): MeasureRows => ({
    ...from(...of),
    statistic: 'share',
    columns: { outcome: 'correct' },
  });
  const meanOf = (...of: Parameters<typeof from>): MeasureRows => ({
    ...from(...of),
    statistic: 'mean',
    columns: { value: 'log_px_change' },
  });
  return steps.flatMap((count, k) => {
    const { chains, stepSize, noise, inputNoise } = options;
    const params = { by: result.by, steps: count, chains, stepSize, noise, inputNoise };
    const after = `${count} step${count === 1 ? '' : 's'}`;
    return [
      accuracy(
        'purified-accuracy',
        `Accuracy after ${after} of purification`,
        params,
        shareOf('clean', count),
        clean.accuracy[k],
      ),
      accuracy(
        'transfer-accuracy',
        `Accuracy on transferred ${options.norm} ${text}, ${after}`,
        { ...params, ...ball },
        shareOf('transferred', count),
        transferred.accuracy[k],
        'made against the model without its purification',
      ),
      ...adaptive
        .slice(k, k + 1)
        .filter((found) => found !== undefined)
        .map(({ robust, unconfirmed, broken }) =>
          accuracy(
            'adaptive-robust-accuracy',
            `Accuracy under BPDA + EOT, ${options.norm} ${text}, ${after}`,
            { ...params, ...ball },
            shareOf('adaptive', count),
            robust,
            `${broken - unconfirmed} of ${broken} broken examples confirmed with fresh draws`,
          ),
        ),
      change(
        'log-px-change',
        `Change of log p(x), clean, ${after}`,
        params,
        meanOf('clean', count),
        clean.change[k],
      ),
      change(
        'log-px-change-attacked',
        `Change of log p(x), adversarial, ${after}`,
        { ...params, ...ball },
        meanOf('transferred', count),
        transferred.change[k],
      ),
    ];
  });
}
