import type { Warning } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { auroc } from './metrics.js';
import type { Detector, Separation } from './result.js';

/** Share of all examples with one score value that is worth a word. */
const TIED = 0.1;

/** The largest share of all examples that share one score value; 0 where no two do. */
function largestTie({ ranking: { id, ood, groups } }: Separation): number {
  const counts = new Int32Array(groups);
  for (const group of id) counts[group]!++;
  for (const group of ood) counts[group]!++;
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  return most > 1 ? most / (id.length + ood.length) : 0;
}

/** OOD sets on which a score is higher than on the test set. */
const invertedOn = ({ separations }: Detector): string[] =>
  separations
    .filter((separation) => {
      const { value, interval } = estimateOf(auroc, [separation]);
      return (interval?.[1] ?? value) < 0.5;
    })
    .map(({ ood }) => `"${ood.dataset.name}"`);

/** What is odd about the scores of one system on one test set, over all OOD sets: each oddity is told once. */
export function scoreWarnings(suite: string, detectors: readonly Detector[]): Warning[] {
  const { system, id } = detectors[0]!;
  const at = { suite, model: system.name };
  const inverted = detectors.flatMap((detector) => {
    const on = invertedOn(detector);
    return on.length > 0 ? [{ title: detector.score.title, on: on.join(', ') }] : [];
  });
  const tied = detectors.flatMap(({ score, separations }) => {
    const share = Math.max(...separations.map(largestTie));
    return share > TIED ? [{ title: score.title, share: `${(100 * share).toFixed(0)} %` }] : [];
  });
  return [
    ...(inverted.length > 0
      ? [
          {
            ...at,
            code: 'score-inverted',
            severity: 'warning' as const,
            message:
              inverted.length === 1
                ? `${inverted[0]!.title} of "${system.name}" is higher on ${inverted[0]!.on} than on "${id.dataset.name}"`
                : `${inverted.length} scores of "${system.name}" are higher on OOD sets than on "${id.dataset.name}": ${inverted.map(({ title, on }) => `${title} (${on})`).join('; ')}`,
            why: 'images unlike the training data look more likely than test images: there the score is worse than chance as a detector',
          },
        ]
      : []),
    ...(tied.length > 0
      ? [
          {
            ...at,
            code: 'scores-tied',
            severity: 'warning' as const,
            message:
              tied.length === 1
                ? `${tied[0]!.share} of the examples have the same ${tied[0]!.title} by "${system.name}"`
                : `many examples have the same score by "${system.name}": ${tied.map(({ title, share }) => `${title} (${share})`).join('; ')}`,
            why: 'a saturated score cannot rank them (ties count half)',
            fix: 'read a score that does not saturate, such as max logit or log p(x)',
          },
        ]
      : []),
  ];
}
