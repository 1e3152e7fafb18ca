import { stringify } from 'yaml';
import { formatEstimate, formatParams } from '../report/format.js';
import { markdownCode, markdownTable, markdownText } from '../report/markdown-text.js';
import { slug, uniqueSlugs } from '../report/names.js';
import { provenance } from '../report/provenance.js';
import type { Exported, ExportOptions } from '../suites/exporter.js';
import type { Results } from '../suites/results.js';
import { type Defined, definedOf, idOf, undefinedNote } from './defined.js';

type Dataset = Results['datasets'][number];

/**
 * A model card with `model-index` (https://huggingface.co/docs/hub/model-cards) and `.eval_results/assay.yaml`
 * (https://huggingface.co/docs/hub/eval-results) for each system.
 */
export async function huggingFace(results: Results, _: ExportOptions): Promise<Exported> {
  const folderOf = uniqueSlugs();
  const files = results.systems.flatMap(({ name }) => {
    const measures = definedOf(results, name);
    const folder = folderOf(name);
    return [
      { path: `${folder}/README.md`, content: card(name, measures, results) },
      { path: `${folder}/.eval_results/assay.yaml`, content: evalResults(measures, results) },
    ];
  });
  return {
    files,
    leftOut: [
      ...undefinedNote(results),
      'intervals, n and method in .eval_results, but for the words of `notes`; the model-index has them as args',
      'ids of data sets on the Hub: names of this run stand in `dataset.type` and `dataset.id`; put the ids of registered benchmarks there',
    ],
  };
}

function card(name: string, measures: readonly Defined[], results: Results): string {
  const used = results.datasets.filter((dataset) => measures.some((m) => m.dataset === dataset.name));
  const index = {
    'model-index': [{ name, results: used.map((dataset) => onDataset(dataset, measures)) }],
  };
  return [
    `---\n${stringify(index, { lineWidth: 0 })}---`,
    `# ${markdownText(name)}`,
    '## Evaluation',
    `${markdownText(results.title)}, measured with Assay. Intervals are 95 %.`,
    markdownTable(['measure', 'data', 'value', 'interval', 'n'], measures.map(row), [0, 1]),
    provenance(results)
      .map(([key, value]) => `- ${markdownText(key)}: ${markdownCode(value)}`)
      .join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
}

function row({ title, dataset, params, value, interval, format, n }: Defined): string[] {
  const written = formatEstimate(value, interval, format);
  const told = formatParams(params);
  return [
    markdownText(told ? `${title} (${told})` : title),
    markdownText(dataset),
    ...[written.value, written.interval, String(n)].map(markdownText),
  ];
}

const onDataset = ({ name, fingerprint, size }: Dataset, measures: readonly Defined[]) => ({
  task: { type: 'image-classification' },
  dataset: { type: slug(name), name, args: { fingerprint, size } },
  metrics: measures
    .filter(({ dataset }) => dataset === name)
    .map(({ measure, title, value, suite, params, n, interval, level, method, better }) => ({
      type: measure,
      name: title,
      value,
      args: { suite, ...params, n, ...(interval && { interval, level }), method, better },
    })),
});

function evalResults(measures: readonly Defined[], { created, key }: Results): string {
  const entries = measures.map((measure) => ({
    dataset: { id: measure.dataset, task_id: idOf(measure) },
    value: measure.value,
    date: created,
    notes: notesOf(measure, key),
  }));
  const head =
    '# dataset.id is the name of the data set in the run: put the id of a benchmark registered on the Hub there.\n';
  return head + stringify(entries, { lineWidth: 0 });
}

function notesOf({ n, interval, level, method, better }: Defined, key: string | undefined): string {
  const told = {
    n,
    ...(interval && { [`interval (${100 * level} %, ${method})`]: [...interval] }),
    better,
    ...(key !== undefined && { 'run of Assay': key.slice(0, 12) }),
  };
  return formatParams(told);
}
