import type { Results } from '../../suites/results.js';
import { rowsLinks } from '../examples/link.js';
import { counted, formatDuration, formatNumber } from '../format.js';
import { uniqueSlugs } from '../names.js';
import { createPalette } from '../plots/palette.js';
import { STOPPED_INTERVALS, stoppedText } from '../stopped-text.js';
import { systemColours } from './colours.js';
import { comparisonView } from './comparison.js';
import { configText } from './config-text.js';
import { costsView } from './costs.js';
import { gatesView } from './gates.js';
import { type SuiteTools, suiteViews } from './suites.js';
import { warningsView } from './warnings.js';

/** Ids that the templates use themselves. */
const RESERVED = [
  'main',
  'summary',
  'comparison',
  'comparison-table',
  'warnings',
  'notes',
  'gates',
  'gates-rules',
  'setting',
  'appendix',
  'costs',
  'costs-table',
  'configuration',
  'hashes',
  'each-cost',
  'each-cost-table',
];

/** Everything the page prints, formatted; templates only place it. */
export async function pageView(
  results: Results,
  directory: string,
  { plotter, drawing }: Pick<SuiteTools, 'plotter' | 'drawing'>,
) {
  const palette = createPalette(
    results.systems.map((s) => s.name),
    results.datasets.map((d) => d.name),
  );
  const colours = systemColours(results);
  const ids = uniqueSlugs();
  for (const id of RESERVED) ids(id);
  const link = await rowsLinks(directory);
  const suites = await suiteViews(results, directory, { palette, plotter, colours, ids, drawing, link });
  return {
    title: results.title,
    key: results.key ?? '',
    subtitle: subtitle(results),
    partial: results.status === 'partial',
    stopped: results.stopped && { ...stoppedText(results.stopped), intervals: STOPPED_INTERVALS },
    errors: results.errors,
    warnings: warningsView(results, suites),
    gates: gatesView(results.gates),
    examples: results.measures.some((measure) => link(measure) !== ''),
    comparison: comparisonView(results, colours, link),
    suites,
    systems: results.systems.map((system) => ({
      ...system,
      colour: colours.get(system.name) ?? '',
      shape: system.input === 'predictions' ? 'none' : system.shape.join(' × '),
      classes: system.classes.length || '–',
      offers: system.offers.join(', '),
      lacks: Object.entries(system.lacks).map(([what, why]) => ({ what, why })),
      nature: [system.defence || natureOf(system), ...(system.stochastic ? ['stochastic'] : [])].join(', '),
    })),
    datasets: results.datasets.map((dataset) => ({
      ...dataset,
      size: formatNumber(dataset.size),
      shape: dataset.content === 'predictions' ? 'logits' : dataset.shape.join(' × '),
      role: [dataset.role, dataset.distance, ...(dataset.shift ? [`${dataset.shift} shift`] : [])]
        .filter(Boolean)
        .join(', '),
      note: dataset.note ?? '',
    })),
    config: configText(results.config),
    environment: environment(results),
    costs: costsView(results.costs, colours),
  };
}

function natureOf({ input, model, name }: Results['systems'][number]): string {
  if (input === 'predictions') return 'predictions, without a model';
  return model === name ? 'bare model' : `model ${model}`;
}

function subtitle(results: Results): string[] {
  return [
    date(results.created),
    `${counted(results.systems.length, 'system')}, ${counted(results.datasets.length, 'data set')}, ${counted(results.suites.length, 'suite')}`,
    `seed ${results.seed}`,
    `${formatDuration(results.seconds)} on ${results.environment.engine}`,
    `Assay ${results.environment.assay}`,
  ];
}

function date(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const day = time.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
  return `${day}, ${time.toISOString().slice(11, 16)} UTC`;
}

function environment({ environment, created, seconds, seed }: Results) {
  return [
    { label: 'Assay', value: environment.assay },
    { label: 'Node.js', value: environment.node },
    { label: 'Engine', value: environment.engine },
    { label: 'Processor', value: environment.cpu },
    { label: 'Platform', value: environment.platform },
    { label: 'Git', value: environment.git ?? 'not in a repository' },
    { label: 'Seed', value: String(seed) },
    { label: 'Created', value: created },
    { label: 'Wall clock', value: formatDuration(seconds) },
  ];
}
