import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type AnySchema } from 'ajv';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { parse } from 'yaml';
import { exporters } from '../../src/exporters/registry.js';
import type { Exported } from '../../src/suites/exporter.js';
import type { Measure, Results } from '../../src/suites/results.js';
import { hostileNames } from '../report/run-folder.js';
import { plainNames, sampleResults } from '../report/sample.js';

const seal = { key: 'ab'.repeat(32), digest: 'cd'.repeat(32) };
const samples: Record<string, Results> = {
  plain: { ...sampleResults(plainNames), ...seal },
  hostile: { ...sampleResults(hostileNames), ...seal },
};
const table = Object.entries(samples);

const exported = (name: string, results: Results, organization?: string): Promise<Exported> =>
  exporters.named(name).export(results, { directory: '.', ...(organization && { organization }) });

const jsonOf = ({ files }: Exported) =>
  files.map(({ path, content }) => ({ path, json: JSON.parse(content) }));
const definedOf = ({ measures }: Results, model: string) =>
  measures.filter((m): m is Measure & { value: number } => m.model === model && m.value !== null);
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const every = exporters.names.flatMap((name) =>
  table.map(([kind, results]) => [name, kind, results] as const),
);

describe.each(every)('%s of %s results', (name, _, results) => {
  it('names files of its own folder, each once, that every system can name', async () => {
    const paths = (await exported(name, results)).files.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    for (const path of paths) {
      expect(posix.normalize(path)).toBe(path);
      expect(path).toMatch(/^(?!\/)(?!\.\.)[\w./-]+$/);
    }
  });

  it('is the same for the same results', async () => {
    expect(await exported(name, results)).toEqual(await exported(name, results));
  });
});

it('says what a format has no place for', async () => {
  for (const name of exporters.names.filter((one) => one !== 'junit'))
    expect((await exported(name, samples.plain!)).leftOut[0], name).toMatch(
      /^\d+ measures? without a value \(/,
    );
});

describe('Every Eval Ever', () => {
  const text = { type: 'string', minLength: 1 };
  const texts = { type: 'object', additionalProperties: { type: 'string' } };
  const bound = { anyOf: [{ type: 'number' }, { enum: ['Infinity', '-Infinity'] }] };
  const closed = (properties: Record<string, unknown>, optional: Record<string, unknown> = {}) => ({
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties),
    properties: { ...properties, ...optional },
  });
  /** What of schema 0.3.0 these records use, with every type as it is there; nothing else may be in them. */
  const schema = closed({
    schema_version: { const: '0.3.0' },
    evaluation_id: text,
    evaluation_timestamp: text,
    retrieved_timestamp: { type: 'string', pattern: '^\\d+$' },
    source_metadata: closed({
      source_name: text,
      source_type: { const: 'evaluation_run' },
      source_organization_name: text,
      evaluator_relationship: { enum: ['first_party', 'third_party', 'collaborative', 'other'] },
      additional_details: texts,
    }),
    eval_library: closed({ name: { const: 'assay' }, version: text, additional_details: texts }),
    model_info: closed({
      name: text,
      id: { type: 'string', pattern: '^[^/]+/[^/]+$' },
      developer: text,
      inference_engine: closed({ name: text }),
      additional_details: {
        ...texts,
        required: ['deployment_type', 'model_availability'],
        properties: { deployment_type: { const: 'self_deployed' }, model_availability: { const: 'unknown' } },
      },
    }),
    evaluation_results: {
      type: 'array',
      items: closed({
        evaluation_result_id: text,
        evaluation_name: text,
        evaluation_timestamp: text,
        source_data: closed(
          { dataset_name: text, source_type: { const: 'other' } },
          { additional_details: texts },
        ),
        metric_config: closed({
          evaluation_description: text,
          metric_id: text,
          metric_name: text,
          metric_kind: text,
          metric_unit: text,
          metric_parameters: { type: 'object' },
          lower_is_better: { type: 'boolean' },
          score_type: { const: 'continuous' },
          min_score: bound,
          max_score: bound,
          additional_details: texts,
        }),
        score_details: closed(
          {
            score: { type: 'number' },
            uncertainty: closed(
              { num_samples: { type: 'integer' } },
              {
                confidence_interval: closed({
                  lower: { type: 'number' },
                  upper: { type: 'number' },
                  confidence_level: { type: 'number', minimum: 0, maximum: 1 },
                  method: text,
                }),
              },
            ),
          },
          { details: texts },
        ),
      }),
    },
  });
  const validate = new Ajv({ allErrors: true }).compile(schema);
  type Record_ = {
    model_info: { name: string; id: string };
    evaluation_results: {
      evaluation_result_id: string;
      metric_config: { min_score: number | string; max_score: number | string };
      score_details: { score: number; uncertainty: object };
    }[];
  };
  const records = async (results: Results) =>
    jsonOf(await exported('every-eval-ever', results, 'my lab')) as { path: string; json: Record_ }[];

  it.each(table)('is valid, a record for each system: %s', async (_, results) => {
    const made = await records(results);
    expect(made.map(({ json }) => json.model_info.name)).toEqual(results.systems.map(({ name }) => name));
    for (const { path, json } of made) {
      expect([validate(json), validate.errors]).toEqual([true, null]);
      const folder = `data/[a-z0-9-]+/${json.model_info.id.replaceAll('.', '\\.')}`;
      expect(path).toMatch(
        new RegExp(`^${folder}/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\\.json$`),
      );
    }
  });

  it('holds every value with its interval and n, and tells results apart', async () => {
    for (const { json } of await records(samples.plain!)) {
      const measures = definedOf(samples.plain!, json.model_info.name);
      expect(json.evaluation_results.map(({ score_details }) => score_details)).toEqual(
        measures.map(({ value, interval, level, method, n, note }) => ({
          score: value,
          ...(note !== undefined && { details: { note } }),
          uncertainty: {
            ...(interval && {
              confidence_interval: {
                lower: interval[0],
                upper: interval[1],
                confidence_level: level,
                method,
              },
            }),
            num_samples: n,
          },
        })),
      );
      const ids = json.evaluation_results.map((one) => one.evaluation_result_id);
      expect(new Set(ids).size).toBe(measures.length);
    }
  });
});

describe('CycloneDX', () => {
  const published = (name: string): AnySchema =>
    JSON.parse(read(`node_modules/@cyclonedx/cyclonedx-library/res/schema/${name}.SNAPSHOT.schema.json`));
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(published('spdx'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json');
  ajv.addSchema(published('jsf-0.82'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json');
  const validate = ajv.compile(published('bom-1.6'));

  it.each(table)('is valid by its published schema: %s', async (_, results) => {
    const { json } = jsonOf(await exported('cyclonedx', results))[0]!;
    expect([validate(json), validate.errors]).toEqual([true, null]);
  });

  it('holds every value with its interval, and where it is from', async () => {
    const { json } = jsonOf(await exported('cyclonedx', samples.plain!))[0]!;
    for (const { name, identity } of samples.plain!.systems) {
      const model = json.components.find((component: { name: string }) => component.name === name);
      expect(model.properties).toContainEqual({ name: 'assay:identity', value: identity });
      expect(model.modelCard.quantitativeAnalysis.performanceMetrics).toEqual(
        definedOf(samples.plain!, name).map(({ suite, measure, value, interval, dataset, n }) => ({
          type: `${suite}/${measure}`,
          value: String(value),
          slice: expect.stringMatching(new RegExp(`^${dataset} \\(n ${n}`)),
          ...(interval && {
            confidenceInterval: { lowerBound: String(interval[0]), upperBound: String(interval[1]) },
          }),
        })),
      );
    }
    expect(json.metadata.properties).toContainEqual({ name: 'assay:digest', value: seal.digest });
  });
});

describe('Hugging Face', () => {
  const front = (content: string) => parse(/^---\n(.*?)---\n/s.exec(content)?.[1] ?? '');

  it.each(table)('writes a model-index and .eval_results for each system: %s', async (_, results) => {
    const { files } = await exported('hugging-face', results);
    expect(files).toHaveLength(2 * results.systems.length);
    results.systems.forEach(({ name }, i) => {
      const measures = definedOf(results, name);
      const [index] = front(files[2 * i]!.content)['model-index'];
      expect(index.name).toBe(name);
      const metrics = index.results.flatMap(
        (result: { task: object; dataset: { type: string; name: string }; metrics: object[] }) => {
          expect(result.task).toEqual({ type: 'image-classification' });
          return result.metrics.map((metric) => ({ ...metric, dataset: result.dataset.name }));
        },
      );
      const expected = measures.map(({ measure, title, value, suite, params, dataset, ...rest }) => {
        const { n, interval, level, method, better } = rest;
        const args = { suite, ...params, n, ...(interval && { interval, level }), method, better };
        return { type: measure, name: title, value, dataset, args };
      });
      expect(metrics).toHaveLength(expected.length);
      expect(metrics).toEqual(expect.arrayContaining(expected));
      const entries = parse(files[2 * i + 1]!.content);
      expect(entries.map(({ value }: { value: number }) => value)).toEqual(
        measures.map(({ value }) => value),
      );
      for (const { dataset, date } of entries)
        expect([typeof dataset.id, typeof dataset.task_id, date]).toEqual([
          'string',
          'string',
          results.created,
        ]);
    });
  });
});

describe('MLflow', () => {
  const part = ({ files }: Exported, name: string) =>
    files.filter(({ path }) => path.endsWith(`/${name}.json`)).map(({ content }) => JSON.parse(content));

  it.each(table)('takes every key, and the numbers are those of the results: %s', async (_, results) => {
    const made = await exported('mlflow', results);
    part(made, 'metrics').forEach((metrics: Record<string, number>, i) => {
      // The rule of mlflow/utils/validation.py on every system: a clean path of such names; stores keep it as a file.
      for (const key of Object.keys(metrics))
        expect(key).toMatch(/^(?=.{1,250}$)([A-Za-z0-9_-][A-Za-z0-9_.-]*\/){2}[A-Za-z0-9_-][A-Za-z0-9_.-]*$/);
      const measures = definedOf(results, results.systems[i]!.name);
      const values = Object.entries(metrics).filter(([key]) => !/\.(lower|upper|n)$/.test(key));
      expect(values.map(([, value]) => value)).toEqual(measures.map(({ value }) => value));
      measures.forEach(({ n, interval }, m) => {
        const [key] = values[m]!;
        expect([metrics[`${key}.lower`], metrics[`${key}.upper`], metrics[`${key}.n`]]).toEqual([
          interval?.[0],
          interval?.[1],
          n,
        ]);
      });
    });
  });

  it('has the gates on one value as thresholds of known keys, and tells of the others', async () => {
    const made = await exported('mlflow', samples.plain!);
    const metrics = part(made, 'metrics');
    let count = 0;
    part(made, 'thresholds').forEach((thresholds: Record<string, unknown>, i) => {
      for (const [key, limits] of Object.entries(thresholds)) {
        count++;
        expect(metrics[i][key]).toEqual(expect.any(Number));
        expect(limits).toEqual({ threshold: expect.any(Number), greater_is_better: expect.any(Boolean) });
      }
    });
    const told = made.leftOut.join('\n').match(/(\d+) gates?: thresholds/)?.[1] ?? '0';
    const known = samples.plain!.gates.filter(({ model }) =>
      samples.plain!.systems.some(({ name }) => name === model),
    );
    expect(count + Number(told)).toBe(known.length);
    expect(count).toBeGreaterThan(0);
  });
});

it('JUnit is valid', async () => {
  for (const [, results] of table) {
    const { content } = (await exported('junit', results)).files[0]!;
    const { errors } = await validateXML({
      xml: [{ fileName: 'a.xml', contents: content }],
      schema: [read('test/gate/junit.xsd')],
    });
    expect(errors).toEqual([]);
  }
});

const python = process.env.ASSAY_VALIDATORS;

/** For development: a Python with the packages that validate.py names. */
it.skipIf(!python)(
  `the programs that read them take them${python ? '' : ' (not checked: ASSAY_VALIDATORS names no Python, see test/exporters/validate.py)'}`,
  async () => {
    for (const [, results] of table) {
      const root = mkdtempSync(join(tmpdir(), 'assay-exports-'));
      try {
        for (const name of exporters.names)
          for (const { path, content } of (await exported(name, results)).files) {
            const file = join(root, name, path);
            mkdirSync(dirname(file), { recursive: true });
            writeFileSync(file, content);
          }
        const script = fileURLToPath(new URL('./validate.py', import.meta.url));
        const found = JSON.parse(execFileSync(python ?? '', [script, root], { encoding: 'utf8' }));
        const values = results.measures.filter(({ value }) => value !== null).length;
        expect(found).toMatchObject({
          'every-eval-ever': results.systems.length,
          'model-index': values,
          eval_results: values,
        });
      } finally {
        rmSync(root, { recursive: true });
      }
    }
  },
  300_000,
);
