import { cell, type Table } from '../../src/suite.js';
import { ladder, TRANSFER } from './ladder.js';
import type { PurificationResult } from './result.js';
import { type Judged, verdicts } from './verdicts.js';

const percent = { format: 'percent', better: 'higher' } as const;

/** A row per system and number of steps, beginning with no purification; a column per attack, weakest first. */
export function purificationTable(
  dataset: string,
  results: readonly PurificationResult[],
  caption: string,
): Table {
  const ran = new Set(results.flatMap(({ rungs }) => rungs.map(({ climb }) => climb.rung.name)));
  const columns = ladder.filter(({ name }) => ran.has(name));
  const transfer = results.some(({ attacks }) => attacks.includes('transfer'));
  return {
    id: `purification-${dataset}`,
    title: `Purification on ${dataset}`,
    caption,
    columns: [
      { key: 'model', title: 'System', format: 'text' },
      { key: 'by', title: 'purified by', format: 'text' },
      { key: 'steps', title: 'steps', format: 'text' },
      { key: 'clean', title: 'clean', ...percent },
      ...(transfer ? [{ key: 'transferred', title: 'transferred', ...percent }] : []),
      ...columns.map(({ name, title }) => ({ key: name, title, ...percent })),
      { key: 'change', title: 'log p(x), clean', format: 'number' },
      { key: 'changeAttacked', title: 'log p(x), attacked', format: 'number' },
      { key: 'moved', title: 'L2 moved, clean', format: 'number' },
    ],
    rows: results.flatMap((result) => [
      {
        ...{ model: result.system.name, by: '', steps: 'none' },
        clean: cell(result.bareClean),
        ...(transfer && { transferred: cell(result.bareAttacked) }),
        ...Object.fromEntries(columns.map(({ name }) => [name, null])),
        ...{ change: null, changeAttacked: null, moved: null },
      },
      ...result.steps.map((steps, k) => ({
        ...{ model: result.system.name, by: result.by, steps: String(steps) },
        clean: cell(result.clean.accuracy[k]!),
        ...(transfer && { transferred: cell(result.transferred.accuracy[k]!) }),
        ...Object.fromEntries(
          columns.map(({ name }) => {
            const rung = result.rungs.find((one) => one.steps === steps && one.climb.rung.name === name);
            return [name, rung ? cell(rung.robust) : null];
          }),
        ),
        change: cell(result.clean.change[k]!),
        changeAttacked: cell(result.transferred.change[k]!),
        moved: cell(result.clean.distance[k]!.L2),
      })),
    ]),
  };
}

const ofRung = (result: PurificationResult, attack: string, steps: number) => ({
  ...{ model: result.system.name, by: result.by, steps: String(steps), attack },
});
const OF_RUNG = [
  { key: 'model', title: 'System', format: 'text' },
  { key: 'by', title: 'purified by', format: 'text' },
  { key: 'steps', title: 'steps', format: 'text' },
  { key: 'attack', title: 'attack', format: 'text' },
] as const;

/** What every attack on the whole was, found and cost. */
export function ladderTable(dataset: string, results: readonly PurificationResult[]): Table | undefined {
  const rows = everyRung(results);
  if (rows.length === 0) return undefined;
  return {
    id: `purification-ladder-${dataset}`,
    title: `Attacks on model and purification together, ${dataset}`,
    caption: 'Passes per example are those of the networks, every step of every chain counted.',
    folded: true,
    columns: [
      ...OF_RUNG,
      { key: 'figures', title: 'figures', format: 'text' },
      { key: 'n', title: 'n', format: 'text' },
      { key: 'robust', title: 'not broken', ...percent },
      { key: 'confirmed', title: 'confirmed', format: 'text' },
      { key: 'forward', title: 'forward passes', format: 'number' },
      { key: 'gradient', title: 'gradient passes', format: 'number' },
    ],
    rows: rows.map(({ result, found }) => {
      const { climb, robust, passes, broken, confirmed } = found;
      return {
        ...ofRung(result, climb.rung.title, found.steps),
        figures: climb.label,
        n: String(robust.n),
        robust: cell(robust),
        confirmed: confirmed === undefined ? '' : `${confirmed} of ${broken}`,
        forward: cell(passes.forward, { bare: true }),
        gradient: cell(passes.gradient, { bare: true }),
      };
    }),
  };
}

/** Each kind of verdict on the images of every attack on the whole. */
export function verdictsTable(dataset: string, results: readonly PurificationResult[]): Table | undefined {
  const rows = results.flatMap(everyJudged);
  if (rows.length === 0) return undefined;
  return {
    id: `purification-verdicts-${dataset}`,
    title: `Verdicts on the images of attacks, ${dataset}`,
    caption: `Accuracies, of the same fresh draws at each image. ${verdicts.map(({ title, what }) => `${title}: ${what}`).join('; ')}. All attacks are judged alike here. Elsewhere an attack on the whole breaks an image with one of its points, confirmed to be wrong: verdicts at the one point that is kept may be higher.`,
    folded: true,
    columns: [
      ...OF_RUNG,
      ...verdicts.map(({ name, title }) => ({ key: name, title, ...percent })),
      { key: 'draws', title: 'draws', format: 'number' },
    ],
    rows: rows.map(({ result, title, steps, judged }) => ({
      ...ofRung(result, title, steps),
      ...Object.fromEntries(judged.verdicts.map(({ verdict, estimate }) => [verdict.name, cell(estimate)])),
      draws: cell(judged.draws, { bare: true }),
    })),
  };
}

/** By number of steps, transferred images first. */
const everyJudged = (result: PurificationResult) =>
  result.steps.flatMap((steps) => {
    const of = (title: string, judged: Judged | undefined) =>
      judged ? [{ result, title, steps, judged }] : [];
    return [
      ...result.transfers.flatMap((one) => (one.steps === steps ? of(TRANSFER.title, one.judged) : [])),
      ...result.rungs.flatMap((one) => (one.steps === steps ? of(one.climb.rung.title, one.judged) : [])),
    ];
  });

const everyRung = (results: readonly PurificationResult[]) =>
  results.flatMap((result) => result.rungs.map((rung) => ({ result, found: rung })));
