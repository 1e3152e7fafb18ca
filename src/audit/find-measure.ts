import { type Measured, measuredOf } from '../comparison/measured.js';
import { AssayError, didYouMean, unknownName } from '../errors.js';
import { telling } from '../gate/pick.js';
import type { Results } from '../suites/results.js';
import type { Claim } from './claims-file.js';

/** In what a measurement differs from what the source says of its own. */
export interface OtherCondition {
  /** A parameter or option: `steps`; `data set`, `split`. */
  what: string;
  claimed: string;
  here: string;
}

export interface FoundMeasure {
  measured: Measured;
  others: OtherCondition[];
}

/**
 * The measure of a run that a claim means: the one that differs least from what the claim says.
 * @returns why there is none, as a sentence, where the run does not have it
 * Errors: `unknown-name` for a parameter that no such measure has; `config-invalid` when several fit.
 */
export function findMeasure(claim: Claim, results: Results, file: string): FoundMeasure | string {
  const all = measuredOf(results);
  const { model, dataset, suite: otherSuite, ...params } = claim.where ?? {};
  const suite = claim.suite ?? otherSuite;
  let left = all;
  for (const [kind, name, of] of [
    ['measure', claim.measure, ({ measure }: Measured) => measure.measure],
    ['suite', suite, ({ measure }: Measured) => measure.suite],
    ['model', model, ({ measure }: Measured) => measure.model],
    ['data set', dataset, ({ measure }: Measured) => measure.dataset],
  ] as const) {
    if (name === undefined) continue;
    const known = [...new Set(left.map(of))].sort();
    left = left.filter((one) => of(one) === String(name));
    if (left.length > 0) continue;
    const guess = didYouMean(String(name), known);
    return (
      `the run has no ${kind} "${name}" ${kind === 'measure' ? '' : `for ${claim.measure}`}`.trimEnd() +
      (guess ? `; did you mean "${guess}"?` : `; there are ${known.join(', ')}`)
    );
  }
  const known = [...new Set(left.flatMap((one) => Object.keys(factsOf(one))))];
  for (const name of Object.keys(params))
    if (!known.includes(name))
      throw unknownName(`parameter of ${claim.measure}`, name, known, {
        file,
        path: `${claim.path}.where.${name}`,
      });
  const ranked = left.map((measured) => ({
    measured,
    others: [...otherParams(measured, params), ...otherData(measured, claim)],
  }));
  const least = Math.min(...ranked.map(({ others }) => others.length));
  const nearest = ranked.filter(({ others }) => others.length === least);
  if (nearest.length > 1 && least === 0)
    throw new AssayError('config-invalid', `${nearest.length} measures fit a claim`, {
      file,
      path: `${claim.path}.where`,
      expected: 'what singles one out',
      hint: `add ${telling(nearest.map(({ measured }) => measured.measure))
        .map(({ key, values }) => `${key} (${values.join(', ')})`)
        .join(', ')}`,
    });
  return nearest[0]!;
}

/** Parameters, and options that they do not tell. */
const factsOf = ({ measure, entry }: Measured): Record<string, unknown> => ({
  ...entry?.options,
  ...measure.params,
});

function otherParams(measured: Measured, params: Record<string, unknown>): OtherCondition[] {
  const facts = factsOf(measured);
  return Object.entries(params).flatMap(([what, claimed]) =>
    sameValue(claimed, facts[what])
      ? []
      : [{ what, claimed: String(claimed), here: String(facts[what] ?? 'none') }],
  );
}

/** 8/255 is 0.03137...: as far as it was written. */
function sameValue(claimed: unknown, here: unknown): boolean {
  if (String(claimed) === String(here)) return true;
  const [a, b] = [numberOf(claimed), numberOf(here)];
  return Math.abs(a - b) <= 1e-4 * Math.abs(b);
}

function numberOf(value: unknown): number {
  const parts = String(value).split('/').map(Number);
  return parts.length === 2 ? parts[0]! / parts[1]! : parts.length === 1 ? parts[0]! : Number.NaN;
}

function otherData({ results, measure }: Measured, { data = {} }: Claim): OtherCondition[] {
  const info = results.datasets.find(({ name }) => name === measure.dataset);
  const { fingerprint, split } = data;
  const specs = (results.config as { datasets?: Record<string, { split?: string }> } | null)?.datasets;
  const ownSplit = specs?.[measure.dataset]?.split ?? 'test';
  return [
    ...(fingerprint !== undefined && info && !info.fingerprint.startsWith(fingerprint)
      ? [
          {
            what: 'data set',
            claimed: `fingerprint ${fingerprint}`,
            here: `fingerprint ${info.fingerprint.slice(0, 12)}`,
          },
        ]
      : []),
    ...(split !== undefined && split !== ownSplit ? [{ what: 'split', claimed: split, here: ownSplit }] : []),
  ];
}
