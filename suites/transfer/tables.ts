import { cell, type Table } from '../../src/suite.js';
import { attackOf } from './measures.js';
import { isReproduced, type Pair, type Target, type TransferResult, worstOf } from './result.js';

const column = (target: Target) => `shown to ${target.system.name}`;

const head = ({ targets }: TransferResult): Table['columns'] => [
  { key: 'source', title: 'images made for', format: 'text' },
  ...targets.map((target) => ({
    key: column(target),
    title: target.system.name,
    format: 'percent' as const,
    better: 'none' as const,
  })),
];

/** A row per source, a column per target; the clean images before and the worst of all after them. */
export function accuracyMatrix(id: string, result: TransferResult): Table {
  const { dataset, n, sources, targets, pairs } = result;
  const { name } = attackOf(result);
  const row = (source: string, value: (target: Target) => Table['rows'][number][string]) => ({
    source,
    ...Object.fromEntries(targets.map((target) => [column(target), value(target)])),
    n,
  });
  const of = (estimate: ReturnType<typeof worstOf>) => (estimate ? cell(estimate) : null);
  return {
    id: `${id}-${dataset.name}`,
    title: `Accuracy on transferred images, ${name}, ${dataset.name}`,
    caption: `Accuracy of each column's system on the images made for the row's, over all ${n} examples. ‡ The images were made for this very system: its own robust accuracy, white box. Where the row's system is wrong about the clean image there is nothing to attack, and the clean image is shown. The last rows take the worst image per example: of those made for other systems, and of all.`,
    columns: [...head(result), { key: 'n', title: 'n', format: 'number' }],
    rows: [
      row('none: clean images', ({ clean }) => cell(clean)),
      ...sources.map((source) =>
        row(source.system.name, (target) => accuracyCell(pairs.find(joins(source, target)))),
      ),
      row('every other system', (target) => of(worstOf(result, target, false))),
      row('every system', (target) => of(worstOf(result, target, true))),
    ],
  };
}

const joins = (source: Pair['source'], target: Target) => (pair: Pair) =>
  pair.source === source && pair.target === target;

function accuracyCell(pair: Pair | undefined): Table['rows'][number][string] {
  if (!pair) return null;
  if (!pair.whiteBox) return cell(pair.accuracy);
  return isReproduced(pair) ? cell(pair.accuracy, { mark: '‡' }) : null;
}

/** What share of the source's adversarial images fools the target too. */
export function rateMatrix(id: string, result: TransferResult): Table[] {
  const { dataset, sources, targets, pairs } = result;
  if (pairs.every(({ whiteBox }) => whiteBox)) return [];
  const { name } = attackOf(result);
  return [
    {
      id: `${id}-rate-${dataset.name}`,
      title: `Transfer rate, ${name}, ${dataset.name}`,
      caption:
        'Of the examples that both systems classify correctly when clean and that were broken on the row\'s system, the share that fools the column\'s system too. "of" says how many these are; different pairs use different examples.',
      columns: head(result),
      rows: sources.map((source) => ({
        source: source.system.name,
        ...Object.fromEntries(
          targets.map((target) => {
            const pair = pairs.find(joins(source, target));
            const shown = pair && !pair.whiteBox ? cell(pair.rate, { mark: ` of ${pair.rate.n}` }) : null;
            return [column(target), shown];
          }),
        ),
      })),
    },
  ];
}
