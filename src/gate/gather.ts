import { conditions, discrepancies, discrepancyText } from '../comparison/conditions.js';
import { type Measured, measuredOf } from '../comparison/measured.js';
import type { Measure, Results } from '../suites/results.js';
import type { Blessed, Evidence } from './evidence.js';
import { pairedDifferences, type WithSheets } from './paired.js';
import type { GateRule } from './rule.js';

/** Results of an earlier release. */
export interface JudgedBaseline extends WithSheets {
  about: Blessed['about'];
}

/** What rules need of results. Errors: those of reading sheets. */
export async function evidenceOf(
  rules: readonly GateRule[],
  run: WithSheets,
  baseline?: JudgedBaseline,
): Promise<Evidence> {
  const { results } = run;
  const { measures, warnings, datasets, status, stopped } = results;
  const differenceOf = await pairedDifferences(rules, run, baseline);
  const evidence: Evidence = { measures, warnings, datasets, status, stopped, differenceOf };
  if (!baseline) return evidence;
  const [now, then] = [byMeasure(results), byMeasure(baseline.results)];
  return {
    ...evidence,
    blessed: {
      measures: baseline.results.measures,
      about: baseline.about,
      incomparable: (measure, other) => differing(then.get(other), now.get(measure)),
    },
  };
}

const byMeasure = (results: Results): ReadonlyMap<Measure, Measured> =>
  new Map(measuredOf(results).map((one) => [one.measure, one]));

/** In what two measures differ that would have to be the same, and what to do. */
function differing(blessed: Measured | undefined, measure: Measured | undefined): string | undefined {
  if (!blessed || !measure) return undefined;
  const all = discrepancies(blessed, measure);
  if (all.length === 0) return undefined;
  const remedies = [...new Set(all.map(({ condition }) => conditions[condition].remedy))];
  return `${all.map(discrepancyText).join('; ')} (the blessed one first). ${remedies.map(sentence).join(' ')}`;
}

const sentence = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}.`;
