import type { Stopped } from '../suites/results.js';
import { formatNumber } from './format.js';

/** What a run left out that stopped when its gates were decided: a sentence, and what it is in detail. */
export function stoppedText({ level, samples, omitted, whole, units, passes }: Stopped): {
  headline: string;
  lines: string[];
} {
  const all = passes.measured + passes.saved;
  return {
    headline: `Stopped when every gate was decided at ${100 * level} %: ${units.measured} of ${units.of} units were measured, which saved about ${formatNumber(passes.saved)} of ${formatNumber(all)} passes.`,
    lines: [
      ...samples.map(({ title, dataset, n, of }) => `${title} on ${dataset}: ${n} of ${of} examples`),
      ...omitted.map(
        ({ title, dataset }) => `${title} on ${dataset}: not measured, since no gate rests on it`,
      ),
      ...whole.map(wholeText),
    ],
  };
}

/** Why a gate had all examples. */
export const wholeText = ({ rule, reason }: Stopped['whole'][number]): string =>
  `measured to the end, since ${reason}: ${rule}`;

/** What intervals are in such a run, for readers. */
export const STOPPED_INTERVALS =
  'Examples came in a random order. Intervals are those of confidence sequences, which hold whenever one stops; what has none has no interval. Run it without --until-decided for the whole.';
