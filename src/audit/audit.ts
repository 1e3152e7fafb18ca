import { isAbsolute, join } from 'node:path';
import { openRunFolder, type RunFolder } from '../across/run-folder.js';
import { measuredOf } from '../comparison/measured.js';
import { AssayError } from '../errors.js';
import type { Measure } from '../suites/results.js';
import { attackStanding, conditionCauses, likelyCauses } from './causes.js';
import type { Claim, Claims } from './claims-file.js';
import { type FoundMeasure, findMeasure, type OtherCondition } from './find-measure.js';
import { deviation } from './judge.js';

export type AuditOutcome = 'reproduced' | 'not reproduced' | 'not comparable';

/** What `assay audit` found: one structure for terminal, Markdown and JSON. Values are fractions, never percent. */
export interface Audit {
  version: 1;
  claims: AuditedClaim[];
}

export interface AuditedClaim {
  name: string;
  source: string;
  /** The run folder, as the file names it. */
  run: string;
  claimed: { value: number; text: string; n: number | null; tolerance: number };
  /** Null where the run has no such measure. */
  measured:
    | (Pick<
        Measure,
        'suite' | 'measure' | 'title' | 'model' | 'dataset' | 'params' | 'value' | 'n' | 'interval' | 'format'
      > & {
        /** Examples of its data set. */
        size: number | null;
      })
    | null;
  /** Measured minus claimed, with what chance leaves open. */
  difference: number | null;
  interval: [number, number] | null;
  /** Of two samples of one population; null where the claim does not say its n, or it is no share. */
  p: number | null;
  outcome: AuditOutcome;
  /** In what the run differs from what the source says. */
  conditions: OtherCondition[];
  /** Why it is not comparable, or what could explain the miss. */
  causes: string[];
}

/**
 * Holds published numbers against run folders.
 * Errors: those of reading results; `results-partial` unless tolerated; `results-edited`; `config-invalid` and
 * `unknown-name` with the place in the file.
 */
export async function auditClaims(
  { claims, file, directory }: Claims,
  { allowPartial }: { allowPartial: boolean },
): Promise<Audit> {
  const folders = new Map<string, RunFolder>();
  const audited: AuditedClaim[] = [];
  for (const claim of claims) {
    const path = isAbsolute(claim.run) ? claim.run : join(directory, claim.run);
    const folder =
      folders.get(path) ??
      (await openRunFolder(path, {
        partial: allowPartial,
        edited: false,
        options: { partial: '--allow-partial' },
      }));
    folders.set(path, folder);
    audited.push(auditOne(claim, folder, file));
  }
  return { version: 1, claims: audited };
}

function auditOne(claim: Claim, { results }: RunFolder, file: string): AuditedClaim {
  const match = findMeasure(claim, results, file);
  const { name = claim.measure, source, run, value, n = null, tolerance } = claim;
  const about = { name, source, run, claimed: { value: value.value, text: value.text, n, tolerance } };
  const nothing = {
    difference: null,
    interval: null,
    p: null,
    outcome: 'not comparable' as const,
    conditions: [],
  };
  if (typeof match === 'string') return { ...about, ...nothing, measured: null, causes: [match] };
  const { measure } = match.measured;
  const measured = aboutMeasure(measure, results.datasets.find((set) => set.name === measure.dataset)?.size);
  if (measure.value === null)
    return {
      ...about,
      ...nothing,
      measured,
      conditions: match.others,
      causes: [measure.note ?? 'not defined here'],
    };
  refusePercent(claim, measure, file);
  return { ...about, measured, ...judged(claim, match, { ...measure, value: measure.value }) };
}

function judged(claim: Claim, { measured, others }: FoundMeasure, measure: Measure & { value: number }) {
  const gap = deviation(measure, claim);
  const { difference, interval, p, side } = gap;
  const told = { difference, interval, p, conditions: others };
  if (others.length > 0) {
    const standing = attackStanding(measure, others);
    const causes = conditionCauses(measure, others);
    // A weaker attack that breaks more, or a stronger one that breaks less, settles it.
    if (standing === 'weaker' && side < 0)
      return {
        ...told,
        outcome: 'not reproduced' as const,
        causes: [...causes, 'and yet it breaks more than the claim allows'],
      };
    if (standing === 'stronger' && side > 0)
      return {
        ...told,
        outcome: 'not reproduced' as const,
        causes: [...causes, 'and yet it breaks less than the claim says'],
      };
    return { ...told, outcome: 'not comparable' as const, causes };
  }
  if (side === 0) return { ...told, outcome: 'reproduced' as const, causes: [] };
  const all = measuredOf(measured.results);
  return {
    ...told,
    outcome: 'not reproduced' as const,
    causes: likelyCauses({ claim, measured, measure, found: gap, all }),
  };
}

function aboutMeasure(m: Measure, size: number | undefined): NonNullable<AuditedClaim['measured']> {
  const { suite, measure, title, model, dataset, params, value, n, interval, format } = m;
  return { suite, measure, title, model, dataset, params, value, n, interval, format, size: size ?? null };
}

/** 92.9 of a share that is 0.93 here was meant as percent. */
function refusePercent(
  { value, path }: Claim,
  { format, measure, value: here }: Measure,
  file: string,
): void {
  if (format !== 'percent' || Math.abs(value.value) <= 1 || Math.abs(here ?? 0) > 1) return;
  throw new AssayError('config-invalid', `a claim about ${measure} is larger than 1`, {
    file,
    path: `${path}.value`,
    expected: 'a fraction, or percent with its sign',
    found: value.text,
    hint: `write ${value.text}%`,
  });
}
