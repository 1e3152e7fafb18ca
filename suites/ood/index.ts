import { type ChosenScore, energyCaveat, fittedWarnings, lacksOf, setWarnings } from '../../src/score.js';
import {
  type DatasetInfo,
  defineSuite,
  fewExamples,
  type NotApplicable,
  type Request,
  type SuiteContext,
  type SystemRefusal,
  singleDraw,
} from '../../src/suite.js';
import { attackedTable } from './attacked-table.js';
import { classTables } from './class-table.js';
import { oodFigures } from './figures.js';
import { hardestOf, hardestRequests } from './hardest.js';
import { hardestFigures } from './hardest-figures.js';
import { meanMeasures, selectiveMeasures, selectiveResults, setMeasures } from './measures.js';
import { measureNames } from './metrics.js';
import { headlineOf, oodOptions, scoresOf } from './options.js';
import { rankingTables } from './ranking-table.js';
import { allOf, requestsFor } from './requests.js';
import { bySystem, detectorsOf, separate } from './result.js';
import { roundingWarnings } from './rounding.js';
import { scoreAll } from './scored.js';
import { scoresTable } from './scores-table.js';
import { checkSeeds, seedsTable } from './seeds.js';
import { lackOfSets, setsOf } from './sets.js';
import { sheet } from './sheet.js';
import { spectraOf, spectrumNames, spectrumValues } from './spectrum.js';
import { spectrumMeasures, spectrumTable } from './spectrum-report.js';
import { aurocTable, conventionTable, meanTable, openSetTable, setTable } from './tables.js';
import { impossibleSettings, tunedResults, tunedTable, tunedWarnings, tuneRequests } from './tuned.js';
import { scoreWarnings } from './warnings.js';

const NAME = 'ood';

export const ood = defineSuite({
  name: NAME,
  title: 'Out-of-distribution detection',
  description:
    'Whether a score of the model separates test images from images of other kinds. AUROC is the chance that a test image scores higher than an OOD image. AUPR and FPR95 depend on which of the two is called positive, and are given both ways. Approximate mass is minus the length of the gradient of log p(x), in the units of the input of the model itself.',
  options: oodOptions,
  needs: [],
  measures: [...measureNames, ...spectrumNames],

  plan(context, options) {
    checkSeeds(options.seeds, context.systems);
    const { ids, shifted, oods } = setsOf(context);
    const scores = scoresOf(options, context);
    const tuned = ids.length > 0 ? tuneRequests(context, scores) : [];
    return context.systems
      .flatMap((system) =>
        [...ids, ...shifted, ...oods].flatMap((dataset): Request[] =>
          allOf(requestsFor(system, dataset, context, scores)),
        ),
      )
      .concat(tuned, hardestRequests(hardestOf(context, scores, options)));
  },

  summarise(collected, options, context) {
    const scores = scoresOf(options, context);
    const sets = setsOf(context);
    const { ids, shifted, oods } = sets;
    const refusals: SystemRefusal[] = [];
    const reported = [...ids, ...shifted, ...oods];
    const scored = scoreAll(collected, scores, reported, context, (one) => refusals.push(one));
    const drawn = { ...options, seed: context.seed, steps: context.steps };
    const separations = separate(scored, sets, drawn);
    const spectra = spectraOf(scored, sets, context.datasets, drawn).map((spectrum) => ({
      spectrum,
      ...spectrumValues(spectrum),
    }));
    const tuned = tunedResults(collected, context, scores);
    const detectors = detectorsOf(separations);
    const selected = selectiveResults(detectors, options);
    const headline = headlineOf(scores);
    const of = (id: DatasetInfo) => {
      const against = separations.filter((s) => s.id.dataset === id);
      const own = detectors.filter((detector) => detector.id.dataset === id);
      return { against, own, selected: selected.filter(({ detector }) => own.includes(detector)) };
    };
    return {
      measures: [
        ...detectors.flatMap((detector) => meanMeasures(NAME, detector, headline.id, options)),
        ...separations.flatMap((separation) => setMeasures(NAME, separation, options)),
        ...selected.flatMap((result) => selectiveMeasures(NAME, result)),
        ...spectra.flatMap((result) => spectrumMeasures(NAME, result)),
      ],
      tables: [
        ...ids.flatMap((id) => {
          const { against, own, selected } = of(id);
          return [
            ...rankingTables(id, own),
            ...seedsTable(id, own, options),
            ...attackedTable(id, own),
            meanTable(id, own),
            aurocTable(id, own),
            ...spectrumTable(id, spectra),
            ...classTables(id, own, headline.id),
            ...openSetTable(id, selected, options),
            ...conventionTable(id, against, options),
            ...oods.map((set) =>
              setTable(
                id,
                set,
                against.filter((s) => s.ood.dataset === set),
              ),
            ),
          ];
        }),
        ...tunedTable(tuned, scores),
        ...(ids.length > 0 ? [scoresTable(scores, context.datasets)] : []),
      ],
      figures: [
        ...ids.flatMap((id) => oodFigures(id, of(id).own, options)),
        ...hardestFigures(collected, hardestOf(context, scores, options)),
      ],
      warnings: [
        ...energyCaveat(NAME, ids.length > 0 ? context.systems : [], scores),
        ...(ids.length > 0 ? fittedWarnings(NAME, scores, context.datasets) : []),
        ...reported.flatMap((set) => fewExamples(NAME, set)),
        ...ids.flatMap((id) => oods.flatMap((set) => setWarnings(NAME, id, set, context.systems))),
        ...(ids.length > 0 ? context.systems.flatMap((system) => singleDraw(NAME, system)) : []),
        ...bySystem(detectors).flatMap((own) => scoreWarnings(NAME, own)),
        ...bySystem(detectors).flatMap((own) =>
          roundingWarnings(
            NAME,
            own.flatMap((detector) => detector.separations),
          ),
        ),
        ...tunedWarnings(NAME, tuned, scored),
        ...impossibleSettings(NAME, tuned),
      ],
      notApplicable: notApplicable(context, scores),
      refusals,
      examples: [
        sheet(
          scored,
          context,
          scores.map(({ id }) => id),
        ),
      ],
    };
  },
});

/** Scores that a system lacks something for; everything, when there is nothing to tell apart. */
function notApplicable(context: SuiteContext, scores: readonly ChosenScore[]): NotApplicable[] {
  const absent = lackOfSets(context);
  return context.systems.flatMap((system) => {
    const at = { suite: NAME, model: system.name };
    if (absent) return [{ ...at, reason: absent }];
    return lacksOf(system, scores, context.datasets).map((lack) => ({ ...at, ...lack }));
  });
}
