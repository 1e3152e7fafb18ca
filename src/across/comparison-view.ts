import { uniqueSlugs } from '../report/names.js';
import type { ExamplePictures } from './pictures.js';
import { comparisonRows, legend, pairTitle, sideNames, unmatchedText, verdictSummary } from './present.js';
import type { FlippedExample, RunComparison, Verdict } from './run-comparison.js';

/** What the page shows of flipped examples besides the comparison. */
export interface FlipSource {
  pictures: ExamplePictures;
  /** Names of the classes; numbers where there are none. */
  classes: readonly string[];
  /** (C, H, W) */
  shape: readonly number[];
}

/** Good and bad in the page's colours. */
const MOODS: Partial<Record<Verdict, 'ok' | 'bad' | 'warning'>> = {
  better: 'ok',
  worse: 'bad',
  different: 'warning',
  'not comparable': 'warning',
};

/** Examples of a measure that are shown; all are in flips.csv. */
export const SHOWN_FLIPS = 60;

/**
 * Everything the page of a comparison prints, formatted.
 * @param sources of the flipped examples, by position in `rows`
 */
export function comparisonView(comparison: RunComparison, sources: ReadonlyMap<number, FlipSource>) {
  const { pairs, runs, rows } = comparison;
  const ids = uniqueSlugs();
  for (const id of ['summary', 'flips', 'runs']) ids(id);
  return {
    title: pairs.length === 1 ? pairTitle(comparison, 0) : `Comparison of ${pairs.length} pairs`,
    subtitle: [verdictSummary(rows), ...runs.map(({ name, created }) => `${name}: ${created.slice(0, 10)}`)],
    legend: legend(comparison),
    pairs: pairs.map(({ notes }, pair) => {
      const [before, after] = sideNames(comparison, pair);
      const title = pairTitle(comparison, pair);
      return {
        id: ids(title),
        title,
        before,
        after,
        notes: [...notes, ...unmatchedText(comparison, pair)],
        rows: comparisonRows(comparison, pair).map(({ row, ...texts }) => ({
          ...texts,
          verdict: texts.verdict.replaceAll(' ', '\u00a0'),
          mood: MOODS[row.verdict] ?? '',
          reasons: row.reasons,
        })),
      };
    }),
    flips: [...sources].map(([at, source], i) => {
      const own = comparison.flips.filter(({ row }) => row === at);
      const [before, after] = sideNames(comparison, rows[at]!.pair);
      const title = `${rows[at]!.title} on ${rows[at]!.dataset}, ${pairTitle(comparison, rows[at]!.pair)}`;
      return {
        id: ids(title),
        first: i === 0,
        title,
        before,
        after,
        summary: [flipCount(own), source.pictures.missing && `no pictures: ${source.pictures.missing}`]
          .filter((part) => part)
          .join('; '),
        examples: shownFlips(own).map((flip) => exampleView(flip, source)),
      };
    }),
    runs: runs.map((run) => ({
      ...run,
      created: run.created.slice(0, 16).replace('T', ' '),
      git: run.git ?? '',
    })),
  };
}

/** The first of both directions, lost ones first. */
export function shownFlips(flips: readonly FlippedExample[]): FlippedExample[] {
  const of = (direction: FlippedExample['direction']) => flips.filter((flip) => flip.direction === direction);
  return [...of('lost').slice(0, SHOWN_FLIPS / 2), ...of('gained').slice(0, SHOWN_FLIPS / 2)];
}

function flipCount(flips: readonly FlippedExample[]): string {
  const lost = flips.filter(({ direction }) => direction === 'lost').length;
  const shown = Math.min(lost, SHOWN_FLIPS / 2) + Math.min(flips.length - lost, SHOWN_FLIPS / 2);
  const part = shown < flips.length ? `; ${shown} of them below, all in flips.csv` : '';
  return `${lost} lost, ${flips.length - lost} gained${part}`;
}

/** Small images are enlarged by a whole number, large ones shrink. */
const SIDE = 64;

function exampleView({ index, direction, label, before, after }: FlippedExample, source: FlipSource) {
  const { pictures, classes, shape } = source;
  const nameOf = (k: number | null) => (k === null ? '' : (classes[k] ?? String(k)));
  const [, height = 1, width = 1] = shape;
  const largest = Math.max(height, width);
  const scale = largest <= SIDE ? Math.floor(SIDE / largest) : SIDE / largest;
  const [right, wrong] = [
    { mark: 'ok', sign: '✓' },
    { mark: 'bad', sign: '✗' },
  ];
  const [a, b] = direction === 'lost' ? [right, wrong] : [wrong, right];
  return {
    index: String(index),
    image: pictures.images.get(index) ?? '',
    width: Math.round(width * scale),
    height: Math.round(height * scale),
    label: nameOf(label),
    before: nameOf(before),
    beforeMark: a.mark,
    beforeSign: a.sign,
    after: nameOf(after),
    afterMark: b.mark,
    afterSign: b.sign,
  };
}
