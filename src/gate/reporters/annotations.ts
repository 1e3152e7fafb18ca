import { oneLine } from '../../one-line.js';
import { annotation } from '../github.js';
import { gateRows } from '../present.js';
import { errorsOf } from './outcome.js';
import type { Judged } from './reporter.js';

/** Failed gates, and what could not be measured, as annotations of GitHub Actions: a line each. */
export function annotations({ runs, gates, placeOf }: Judged): string {
  const broken = errorsOf(runs).map((error) =>
    annotation({ level: 'error', title: 'Assay could not measure everything', message: oneLine(error) }),
  );
  const missed = gates
    .filter(({ passed }) => !passed)
    .map((gate) => {
      const { state, rule, value, interval, limit, reason } = gateRows([gate])[0]!;
      const measured = [value, interval].filter(Boolean).join(' ');
      const message = [`measured ${measured}, limit ${limit}`, reason].filter(Boolean).join('; ');
      return annotation({
        level: state === 'warn' ? 'warning' : 'error',
        title: oneLine(`Gate ${state === 'warn' ? 'warns' : 'failed'}: ${rule}`),
        message: oneLine(message),
        place: placeOf(gate),
      });
    });
  return [...broken, ...missed].join('');
}
