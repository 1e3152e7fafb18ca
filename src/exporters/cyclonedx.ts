import { formatParams } from '../report/format.js';
import { slug } from '../report/names.js';
import { provenance } from '../report/provenance.js';
import type { Exported } from '../suites/exporter.js';
import type { Results } from '../suites/results.js';
import { type Defined, definedOf, undefinedNote } from './defined.js';
import { uuidOf } from './uuid.js';

/** CycloneDX 1.6 (ECMA-424): a machine-learning model with its card for each system. Numbers are text there. */
export async function cycloneDx(results: Results): Promise<Exported> {
  const { title, created, environment, systems, datasets, key, digest } = results;
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(`${key} ${digest}`)}`,
    version: 1,
    metadata: {
      timestamp: created,
      tools: { components: [{ type: 'application', name: 'assay', version: environment.assay }] },
      properties: provenance(results).map(([name, value]) => ({ name: `assay:${name}`, value })),
    },
    components: [
      ...systems.map((system) => ({
        type: 'machine-learning-model',
        'bom-ref': `model:${system.name}`,
        name: system.name,
        description: system.defence || `evaluated in: ${title}`,
        modelCard: {
          modelParameters: {
            task: 'image-classification',
            inputs:
              system.input === 'predictions' ? [] : [{ format: `image of ${system.shape.join(' x ')}` }],
            outputs: system.offers.map((format) => ({ format })),
          },
          quantitativeAnalysis: { performanceMetrics: definedOf(results, system.name).map(metricOf) },
        },
        properties: [{ name: 'assay:identity', value: system.identity }],
      })),
      ...datasets.map((dataset) => ({
        type: 'data',
        'bom-ref': `data:${dataset.name}`,
        name: dataset.name,
        data: [{ type: 'dataset', name: dataset.name, description: `${dataset.size} examples` }],
        properties: [
          { name: 'assay:fingerprint', value: dataset.fingerprint },
          { name: 'assay:role', value: dataset.role },
        ],
      })),
    ],
    dependencies: systems.map(({ name }) => ({
      ref: `model:${name}`,
      dependsOn: datasets.map((dataset) => `data:${dataset.name}`),
    })),
  };
  return {
    files: [{ path: `${slug(title)}.cdx.json`, content: `${JSON.stringify(bom, null, 2)}\n` }],
    leftOut: [...undefinedNote(results), 'how intervals were made, which way is better, and notes'],
  };
}

/** The format has no field for n and the level of an interval: the slice tells them. */
function metricOf({ measure, suite, dataset, params, n, value, interval, level }: Defined) {
  const told = [`n ${n}`, formatParams(params), interval ? `interval ${100 * level}%` : ''];
  return {
    type: `${suite}/${measure}`,
    value: String(value),
    slice: `${dataset} (${told.filter(Boolean).join(', ')})`,
    ...(interval && {
      confidenceInterval: { lowerBound: String(interval[0]), upperBound: String(interval[1]) },
    }),
  };
}
