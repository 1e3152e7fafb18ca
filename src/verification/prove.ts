import type { BoundPrograms, Method } from '../bounds/certify.js';
import { around } from './points.js';
import { type Box, byBox, type Case, type Constraint } from './property.js';

/** Methods that a proof tries, from the cheapest to one, each for what the ones before left. */
export const METHODS: readonly Method[] = ['crown-ibp', 'crown', 'alpha-crown'];

/** Boxes that are bounded together, at most. */
const TOGETHER = 32;
/** Coefficients of functions of outputs that are held at a time. */
const NUMBERS = 2 ** 24;
/** What a constant and a sum with it in float64 may be off by, relative to what is added up: more than enough. */
const SPARE = 1e-12;

/** A box, and what would have to be made in it. */
export interface Claim {
  box: Box;
  cases: readonly Case[];
}

export const claimsOf = (cases: readonly Case[]): Claim[] =>
  [...byBox(cases)].map(([box, own]) => ({ box, cases: own }));

/**
 * What is left of claims when cases are taken away that no input of their box makes: those with a constraint whose least value over
 * the box is above 0 for every float32 evaluation of the network.
 * @param check throws when there is no time left; asked between calls
 */
export async function refuted(
  bounds: BoundPrograms,
  claims: readonly Claim[],
  { method, outputs, check }: { method: Method; outputs: number; check(): void },
): Promise<Claim[]> {
  const left: Claim[] = [];
  for (let from = 0; from < claims.length; ) {
    check();
    const chunk = togetherFrom(claims, from, outputs);
    const { count } = chunk[0]!.rows;
    from += chunk.length;
    // Of cases without a constraint on outputs that can be bounded, nothing can be proved.
    const least = count === 0 ? undefined : await leastOf(bounds, chunk, method);
    chunk.forEach(({ claim: { box, cases }, rows }, i) => {
      const open = cases.filter(
        ({ constraints }) =>
          !constraints.some((constraint) => {
            const row = rows.of.get(keyOf(constraint));
            return least && row !== undefined && isPositive(least[i * count + row]!, constraint);
          }),
      );
      if (open.length > 0) left.push({ box, cases: open });
    });
  }
  return left;
}

interface Asked {
  claim: Claim;
  rows: Rows;
}

/** The claims from one on that are bounded in one call: those with as many functions. */
function togetherFrom(claims: readonly Claim[], from: number, outputs: number): Asked[] {
  const chunk: Asked[] = [];
  for (const claim of claims.slice(from, from + TOGETHER)) {
    const rows = rowsOf(claim.cases, outputs);
    const fits = rows.count === chunk[0]?.rows.count && (chunk.length + 1) * rows.data.length <= NUMBERS;
    if (chunk.length > 0 && !fits) break;
    chunk.push({ claim, rows });
  }
  return chunk;
}

const isPositive = (least: number, { constant }: Constraint): boolean =>
  least + constant > SPARE * (Math.abs(constant) + Math.abs(least));

const keyOf = ({ terms }: Constraint) =>
  terms.map((t) => `${t.output}:${t.coefficient}${t.plain ? '' : '~'}`).join();

interface Rows {
  /** (count, outputs) */
  data: Float32Array;
  count: number;
  /** Which row a constraint's terms are. */
  of: ReadonlyMap<string, number>;
}

/**
 * Functions that differ by more than a constant. Those with coefficients that are not `plain` are left out, since bounds are of
 * float32 functions, and so are more than fit into memory: nothing is proved by these.
 */
function rowsOf(cases: readonly Case[], outputs: number): Rows {
  const of = new Map<string, number>();
  const functions: Constraint['terms'][] = [];
  const most = Math.floor(NUMBERS / outputs);
  for (const { constraints } of cases)
    for (const constraint of constraints) {
      const key = keyOf(constraint);
      if (of.has(key) || functions.length >= most) continue;
      if (!constraint.terms.every(({ plain }) => plain)) continue;
      of.set(key, functions.length);
      functions.push(constraint.terms);
    }
  const data = new Float32Array(functions.length * outputs);
  functions.forEach((terms, row) => {
    for (const { output, coefficient } of terms) data[row * outputs + output] = coefficient;
  });
  return { data, count: functions.length, of };
}

/** (boxes, rows): below which functions of outputs never are. */
async function leastOf(
  bounds: BoundPrograms,
  chunk: readonly Asked[],
  method: Method,
): Promise<Float64Array> {
  const [first] = chunk;
  const { data, count } = first!.rows;
  const size = first!.claim.box.lower.length;
  const n = chunk.length;
  const [lower, upper] = [new Float32Array(n * size), new Float32Array(n * size)];
  const rows = new Float32Array(n * data.length);
  chunk.forEach(({ claim: { box }, rows: own }, i) => {
    const outer = around(box);
    lower.set(outer.lower, i * size);
    upper.set(outer.upper, i * size);
    rows.set(own.data, i * data.length);
  });
  const { bound, rounding } = await bounds.lowerBounds({ n, lower, upper }, rows, count, method);
  return bound.map((least, i) => least - rounding[i]!);
}
