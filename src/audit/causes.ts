import type { Measured } from '../comparison/measured.js';
import type { Measure } from '../suites/results.js';
import type { Claim } from './claims-file.js';
import type { OtherCondition } from './find-measure.js';
import { type Deviation, deviation } from './judge.js';

type Defined = Measure & { value: number };

/** By how much an attack tries: more of it breaks more. Names in ascending order. */
const EFFORTS: Readonly<Record<string, readonly string[] | 'number'>> = {
  steps: 'number',
  restarts: 'number',
  eot: 'number',
  method: ['fgsm', 'mi-fgsm', 'pgd', 'apgd', 'autoattack'],
  version: ['fast', 'standard', 'plus'],
};

const inWords = ({ what, claimed, here }: OtherCondition) => `${what} ${here} here, ${claimed} in the claim`;

/** How our attack stands to that of the claim, where nothing but its effort differs. */
export function attackStanding(
  measure: Measure,
  others: readonly OtherCondition[],
): 'weaker' | 'stronger' | undefined {
  if (!isRobust(measure) || others.length === 0) return undefined;
  const signs = others.map(({ what, claimed, here }) => {
    const scale = EFFORTS[what];
    if (scale === undefined) return Number.NaN;
    if (scale === 'number') return Math.sign(Number(here) - Number(claimed));
    const [ours, theirs] = [scale.indexOf(here), scale.indexOf(claimed)];
    return ours < 0 || theirs < 0 ? Number.NaN : Math.sign(ours - theirs);
  });
  if (signs.every((sign) => sign < 0)) return 'weaker';
  return signs.every((sign) => sign > 0) ? 'stronger' : undefined;
}

const isRobust = ({ measure, better }: Measure) =>
  better === 'higher' && /robust|worst-case|transfer|black-box/.test(measure);

/** What other conditions are called as a cause. */
const KINDS: Readonly<Record<string, string>> = {
  epsilon: 'other radius',
  norm: 'other norm',
  'data set': 'other data',
  split: 'other data',
  bins: 'other convention',
  score: 'other score',
  temperature: 'other convention',
};

/** Why a value is not of what the claim is of. */
export function conditionCauses(measure: Measure, others: readonly OtherCondition[]): string[] {
  const standing = attackStanding(measure, others);
  if (standing) {
    const bound =
      standing === 'weaker' ? 'so robust accuracy here is an upper bound' : 'so it can only be lower here';
    return [`the attack is ${standing}: ${others.map(inWords).join(', ')}; ${bound}`];
  }
  return others.map((one) => `${KINDS[one.what] ?? 'other conditions'}: ${inWords(one)}`);
}

/** What could explain a value that misses its claim. A row each: undefined where it does not apply. */
const explanations: readonly ((given: {
  claim: Claim;
  measured: Measured;
  measure: Defined;
  found: Deviation;
  all: readonly Measured[];
}) => string | undefined)[] = [
  function complement({ claim, measure }) {
    if (measure.format !== 'percent' && !/auroc|aupr/.test(measure.measure)) return undefined;
    const flipped = { ...claim, value: { ...claim.value, value: 1 - claim.value.value } };
    if (deviation(measure, flipped).side !== 0) return undefined;
    return 'other convention: one minus the claim agrees, so it may be an error rate, or the other class may be the positive one';
  },
  function otherConvention({ claim, measure, all }) {
    const stem = (name: string) => name.split('-')[0];
    const fits = all.find(
      ({ measure: m }) =>
        m !== measure &&
        m.model === measure.model &&
        m.suite === measure.suite &&
        m.format === measure.format &&
        stem(m.measure) === stem(measure.measure) &&
        m.value !== null &&
        m.interval !== null &&
        deviation({ ...m, value: m.value }, claim).side === 0,
    )?.measure;
    if (!fits) return undefined;
    const params = Object.entries(fits.params).filter(([name, value]) => measure.params[name] !== value);
    const apart =
      params.length > 0 ? ` with ${params.map(([name, value]) => `${name} ${value}`).join(', ')}` : '';
    const place = fits.dataset === measure.dataset ? '' : ` on ${fits.dataset}`;
    return `other convention: ${fits.measure}${apart}${place} is ${Number(fits.value?.toPrecision(4))}, which agrees with the claim`;
  },
  function weakAttack({ measure, claim, found }) {
    if (!isRobust(measure) || found.side <= 0) return undefined;
    const told = Object.keys(EFFORTS).filter((name) => claim.where?.[name] !== undefined);
    const effort = Object.keys(EFFORTS).flatMap((name) =>
      measure.params[name] === undefined ? [] : [`${name} ${measure.params[name]}`],
    );
    return told.length > 0
      ? undefined
      : `the attack may be weaker than that of the source (${effort.join(', ')}): robust accuracy is an upper bound`;
  },
  function otherExamples({ claim, measured }) {
    const info = measured.results.datasets.find(({ name }) => name === measured.measure.dataset);
    const size = claim.data?.size ?? claim.n;
    if (!info || size === undefined || size === info.size) return undefined;
    return `other data: ${info.size} examples here, ${size} in the claim`;
  },
  function partOfData({ claim, measured }) {
    const note = measured.results.datasets.find(({ name }) => name === measured.measure.dataset)?.note;
    if (claim.data?.size !== undefined || claim.n !== undefined || !note || /^all /.test(note))
      return undefined;
    return `other data: ${note.split(';')[0]}`;
  },
];

/** The likely causes of a miss, most telling first; none where nothing here explains it. */
export function likelyCauses(given: Parameters<(typeof explanations)[number]>[0]): string[] {
  return explanations.flatMap((explain) => explain(given) ?? []);
}
