import { slug } from '../report/names.js';
import { provenance } from '../report/provenance.js';
import type { Exported, ExportOptions } from '../suites/exporter.js';
import type { Results } from '../suites/results.js';
import { type Defined, definedOf, idOf, undefinedNote } from './defined.js';
import { uuidOf } from './uuid.js';

type System = Results['systems'][number];

/** Who is meant when nobody is named: the format wants an owner of every model, and takes no `unknown`. */
const NOBODY = 'local';

/**
 * Every Eval Ever, schema 0.3.0 (https://github.com/evaleval/every_eval_ever): a record for each system, in the folders of
 * its data store.
 */
export async function everyEvalEver(results: Results, { organization }: ExportOptions): Promise<Exported> {
  const owner = organization ?? NOBODY;
  return {
    files: results.systems.map((system) => {
      const id = `${portable(owner)}/${portable(system.name)}`;
      const uuid = uuidOf(`${results.key} ${results.digest} ${system.name}`);
      return {
        path: `data/${slug(results.title)}/${id}/${uuid}.json`,
        content: `${JSON.stringify(record(results, system, { owner, id }), null, 2)}\n`,
      };
    }),
    leftOut: [
      ...undefinedNote(results),
      'rows of single examples, which stay in examples/*.csv: the format has them for answers in words',
      ...(organization === undefined
        ? [`who evaluated whose model: "${NOBODY}" stands there; say it with --organization NAME`]
        : []),
    ],
  };
}

/** A name as a folder: the store files a record under the id of its model, and refuses what not every system can name. */
function portable(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/[.]+$/, '');
  return /^(data|con|prn|aux|nul|com\d|lpt\d|\.*)($|\.)/i.test(plain) ? `model-${slug(name)}` : plain;
}

function record(results: Results, system: System, { owner, id }: { owner: string; id: string }) {
  const { environment, title, created } = results;
  const at = String(Math.floor(Date.parse(created) / 1000));
  return {
    schema_version: '0.3.0',
    evaluation_id: `${slug(title)}/${id}/${at}`,
    evaluation_timestamp: created,
    retrieved_timestamp: at,
    source_metadata: {
      source_name: title,
      source_type: 'evaluation_run',
      source_organization_name: owner,
      // Results do not say whose models they are.
      evaluator_relationship: 'other',
      additional_details: Object.fromEntries(provenance(results)),
    },
    eval_library: {
      name: 'assay',
      version: environment.assay,
      additional_details: { node: environment.node, platform: environment.platform },
    },
    model_info: {
      name: system.name,
      id,
      developer: owner,
      inference_engine: { name: environment.engine },
      additional_details: {
        deployment_type: 'self_deployed',
        model_availability: 'unknown',
        identity: system.identity,
        ...(system.defence && { defence: system.defence }),
      },
    },
    evaluation_results: definedOf(results, system.name).map((measure) => resultOf(measure, results)),
  };
}

function resultOf(measure: Defined, { datasets, created }: Results) {
  const dataset = datasets.find(({ name }) => name === measure.dataset);
  const { value, interval, level, method, n } = measure;
  return {
    evaluation_result_id: idOf(measure),
    evaluation_name: measure.title,
    evaluation_timestamp: created,
    source_data: {
      dataset_name: measure.dataset,
      source_type: 'other',
      ...(dataset && {
        additional_details: {
          fingerprint: dataset.fingerprint,
          size: String(dataset.size),
          role: dataset.role,
        },
      }),
    },
    metric_config: {
      evaluation_description: `${measure.title} of ${measure.suite}`,
      metric_id: measure.measure,
      metric_name: measure.title,
      metric_kind: measure.measure,
      metric_unit: measure.format === 'percent' ? 'proportion' : 'number',
      metric_parameters: measure.params,
      lower_is_better: measure.better === 'lower',
      score_type: 'continuous',
      ...boundsOf(measure),
      additional_details: { suite: measure.suite, better: measure.better },
    },
    score_details: {
      score: value,
      ...(measure.note !== undefined && { details: { note: measure.note } }),
      uncertainty: {
        ...(interval && {
          confidence_interval: { lower: interval[0], upper: interval[1], confidence_level: level, method },
        }),
        num_samples: n,
      },
    },
  };
}

/** Shares lie between 0 and 1; of other numbers nothing is known. */
const boundsOf = ({ format, value }: Defined) =>
  format === 'percent' && value >= 0 && value <= 1
    ? { min_score: 0, max_score: 1 }
    : { min_score: '-Infinity', max_score: 'Infinity' };
