import type { Program, Value } from '../engine.js';

/** A program in the two layouts that are tried. */
export interface Layouts {
  /** One-thread sessions side by side. */
  narrow: Program;
  /** How many. */
  sessions: number;
  /** Makes one session with as many threads. */
  wide(): Promise<Program>;
}

/** What a measurement found. */
export interface Finding {
  chosen: 'narrow' | 'wide';
  /** Time of a batch in the wide layout over that in the narrow one; undefined where the outputs differ. */
  ratio: number | undefined;
}

/** Calls a session before anything is tried: smaller work is done sooner than a measurement pays. */
const CALLS_FIRST = 50;

/** Of measuring, unless a single round takes longer. */
const BUDGET_MS = 1000;
const ROUNDS = 5;

/** What the wide layout must save: less is noise. */
const WORTH = 0.97;

/**
 * A program that finds out by itself which layout is faster for it, with the feeds of a call it is asked for anyway.
 * Only layouts that give the same outputs to the last bit are exchanged, so that no result depends on the choice.
 * @param found is told once
 * @param now milliseconds
 */
export function selfMeasured(
  { narrow, sessions, wide }: Layouts,
  found: (finding: Finding) => void,
  now: () => number = () => performance.now(),
): Program {
  let [program, calls] = [narrow, 0];
  let measuring: Promise<void> | undefined;

  async function measure(feeds: Record<string, Value>, fetches?: readonly string[]) {
    const other = await wide();
    let loser = other;
    try {
      const run = (one: Program) => one.run(feeds, fetches);
      const perBatch = async (one: Program) => {
        const start = now();
        await Promise.all(Array.from({ length: sessions }, () => run(one)));
        return (now() - start) / sessions;
      };
      // The first run of a session allocates.
      const same = equal(await run(narrow), await run(other));
      const ratios: number[] = [];
      const start = now();
      while (same && ratios.length < ROUNDS && (ratios.length === 0 || now() - start < BUDGET_MS)) {
        const before = await perBatch(narrow);
        ratios.push((await perBatch(other)) / before);
      }
      const ratio = ratios.toSorted((a, b) => a - b).at(ratios.length >> 1);
      if (ratio !== undefined && ratio < WORTH) [program, loser] = [other, narrow];
      found({ chosen: program === other ? 'wide' : 'narrow', ratio });
    } finally {
      await loser.release();
    }
  }

  return {
    async run(feeds, fetches) {
      // What cannot be measured stays as it is: a call that fails fails below, by itself.
      if (++calls > CALLS_FIRST * sessions)
        await (measuring ??= measure(feeds, fetches).catch(() => undefined));
      return program.run(feeds, fetches);
    },
    release: async () => {
      await measuring;
      await program.release();
    },
  };
}

function equal(a: Record<string, Value>, b: Record<string, Value>): boolean {
  return Object.entries(a).every(([name, { data }]) => {
    const other = b[name].data;
    return data.length === other.length && data.every((value, i) => Object.is(value, other[i]));
  });
}
