import { parseEpsilon } from '../../src/attack.js';
import type { Estimate } from '../../src/metrics.js';
import { type Measure, type MeasureRows, measure } from '../../src/suite.js';
import { type Diagnostic, diagnosticMeasures } from './diagnostics.js';
import { type Rung, TRANSFER } from './ladder.js';
import type { PurificationOptions } from './options.js';
import type { PurificationResult } from './result.js';
import { imagesOf } from './sheet.js';
import type { UnderAttack } from './under-attack.js';
import type { Judged } from './verdicts.js';

/** Everything that a measure is about but the images. */
interface About {
  suite: string;
  sheet: string;
  diagnosticsSheet: string;
  result: PurificationResult;
  options: PurificationOptions;
}

type Described = Pick<Measure, 'measure' | 'title' | 'params'> & { note?: string | undefined };

/** Every name that `purificationMeasures` gives. */
export const measureNames = [
  'purified-accuracy',
  'transfer-accuracy',
  'adaptive-robust-accuracy',
  'verdict-accuracy',
  'draws-per-example',
  'forward-passes',
  'gradient-passes',
  'log-px-change',
  'log-px-change-attacked',
  'purification-distance',
  ...diagnosticMeasures,
];

export function purificationMeasures(about: About): Measure[] {
  const { result } = about;
  return [
    ...result.steps.flatMap((steps, k) => bySteps(about, steps, k)),
    ...result.steps.flatMap((steps, k) => byDiagnostic(about, steps, result.diagnostics[k]!.found)),
    ...result.transfers.flatMap((one) => byDraws(about, TRANSFER, TRANSFER.name, one)),
    ...result.rungs.flatMap((rung) => byRung(about, rung)),
    ...result.sweep.map((rung) => robust(about, rung)),
  ];
}

/** Accuracies and means of clean and transferred images. */
function bySteps(about: About, steps: number, k: number): Measure[] {
  const { result, options } = about;
  const { text } = parseEpsilon(options.epsilon);
  const { params, ball, after } = settings(about, steps);
  const { clean, transferred } = result;
  const of = (images: string) => ({ images, steps });
  return [
    accuracy(
      about,
      { measure: 'purified-accuracy', title: `Accuracy after ${after} of purification`, params },
      share(about, of('clean'), 'correct'),
      clean.accuracy[k]!,
    ),
    ...(options.ladder.includes('transfer')
      ? [
          accuracy(
            about,
            {
              measure: 'transfer-accuracy',
              title: `Accuracy on transferred ${options.norm} ${text}, ${after}`,
              params: { ...params, ...ball },
              note: 'made against the model without its purification',
            },
            share(about, of('transferred'), 'correct'),
            transferred.accuracy[k]!,
          ),
        ]
      : []),
    number(
      about,
      { measure: 'log-px-change', title: `Change of log p(x), clean, ${after}`, params },
      mean(about, of('clean'), 'log_px_change'),
      clean.change[k]!,
    ),
    number(
      about,
      {
        measure: 'log-px-change-attacked',
        title: `Change of log p(x), adversarial, ${after}`,
        params: { ...params, ...ball },
      },
      mean(about, of('transferred'), 'log_px_change'),
      transferred.change[k]!,
    ),
    ...(['L2', 'Linf'] as const).map((distance) =>
      number(
        about,
        {
          measure: 'purification-distance',
          title: `${distance} distance that clean images move in ${after}`,
          params: { ...params, distance },
        },
        mean(about, of('clean'), `${distance.toLowerCase()}_distance`),
        clean.distance[k]![distance],
      ),
    ),
  ];
}

/** What no attack is needed for. */
function byDiagnostic(about: About, steps: number, diagnostics: readonly Diagnostic[]): Measure[] {
  const { system, dataset } = about.result;
  const { params, after } = settings(about, steps);
  return diagnostics.map(({ measure, title, column, statistic, options, note, estimate }) =>
    number(
      about,
      { measure, title: `${title}, ${after}`, params, note },
      {
        sheet: about.diagnosticsSheet,
        where: { model: system.name, dataset: dataset.name, steps },
        ...{ statistic, columns: { value: column } },
        ...(options && { options }),
      },
      estimate,
    ),
  );
}

/** The verdicts that are made of draws at the images of an attack. */
function byDraws(
  about: About,
  { title, name: rung }: Pick<Rung, 'title' | 'name'>,
  images: string,
  { steps, judged }: { steps: number; judged: Judged },
): Measure[] {
  const { params, ball, after } = settings(about, steps);
  const of = { images, steps };
  const settled = { ...params, ...ball, rung };
  return [
    ...judged.verdicts.map(({ verdict, estimate }) =>
      accuracy(
        about,
        {
          measure: 'verdict-accuracy',
          title: `Accuracy under ${title}, ${verdict.title}, ${after}`,
          params: { ...settled, verdict: verdict.name, draws: about.options.draws },
          note: verdict.what,
        },
        verdict.name === 'one-shot' ? mean(about, of, verdict.column) : share(about, of, verdict.column),
        estimate,
      ),
    ),
    number(
      about,
      { measure: 'draws-per-example', title: `Draws per image, ${title}, ${after}`, params: settled },
      mean(about, of, 'draws'),
      judged.draws,
    ),
  ];
}

/** What an attack on the whole came to, the verdicts that are made of its draws, and what it cost. */
function byRung(about: About, attacked: UnderAttack): Measure[] {
  const { params, ball, after } = settings(about, attacked.steps);
  const { title, name: rung } = attacked.climb.rung;
  const { steps, judged, passes } = attacked;
  const images = imagesOf(attacked);
  return [
    robust(about, attacked),
    ...(judged ? byDraws(about, attacked.climb.rung, images, { steps, judged }) : []),
    ...(['forward', 'gradient'] as const).map((kind) =>
      number(
        about,
        {
          measure: `${kind}-passes`,
          title: `${kind === 'forward' ? 'Forward' : 'Gradient'} passes per example, ${title}, ${after}`,
          params: { ...params, ...ball, rung },
        },
        mean(about, { images, steps }, `${kind}_passes`),
        passes[kind],
      ),
    ),
  ];
}

function robust(about: About, rung: UnderAttack): Measure {
  const { params, ball, after } = settings(about, rung.steps);
  const { climb, broken, confirmed, swept } = rung;
  const told =
    confirmed === undefined ? '' : `; ${confirmed} of ${broken} broken examples confirmed with fresh draws`;
  return accuracy(
    about,
    {
      measure: 'adaptive-robust-accuracy',
      title: `Accuracy under ${climb.rung.title}${swept ? ` (${climb.params.eot})` : ''}, ${about.options.norm} ${ball.epsilon}, ${after}`,
      params: { ...params, ...ball, rung: climb.rung.name, ...(swept && { eot: climb.params.eot }) },
      note: `${climb.label}${told}`,
    },
    share(about, { images: imagesOf(rung), steps: rung.steps }, 'correct'),
    rung.robust,
  );
}

function settings({ result, options }: About, steps: number) {
  const { chains, stepSize, noise, inputNoise, clamp, norm } = options;
  return {
    params: { by: result.by, steps, chains, stepSize, noise, inputNoise, clamp },
    ball: { norm, epsilon: parseEpsilon(options.epsilon).text },
    after: `${steps} step${steps === 1 ? '' : 's'}`,
  };
}

type Of = { images: string; steps: number };

const from = ({ sheet, result }: About, of: Of) => ({
  sheet,
  where: { model: result.system.name, dataset: result.dataset.name, ...of },
});
const share = (about: About, of: Of, outcome: string): MeasureRows => ({
  ...from(about, of),
  statistic: 'share',
  columns: { outcome },
});
const mean = (about: About, of: Of, value: string): MeasureRows => ({
  ...from(about, of),
  statistic: 'mean',
  columns: { value },
});

const as =
  (kind: Pick<Measure, 'better' | 'format'>) =>
  ({ suite, result }: About, { note, ...described }: Described, rows: MeasureRows, estimate: Estimate) =>
    measure(
      {
        ...{ suite, model: result.system.name, dataset: result.dataset.name },
        ...described,
        ...kind,
        rows,
        ...(note && { note }),
      },
      estimate,
    );
const accuracy = as({ better: 'higher', format: 'percent' });
const number = as({ better: 'none', format: 'number' });
